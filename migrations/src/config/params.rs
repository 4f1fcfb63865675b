//! The engine's parameters as tables of a file: one a group, every parameter by its own name; what is absent has the
//! program's default.

use std::fmt;

use plimsoll_risk::params::{Bound, Field, GlobalParams, Group};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::Serialize;

use crate::error::{Error, Result};

/// Checks every bound.
///
/// # Errors
/// `Config` naming the first parameter that leaves its bounds, and these.
pub fn validate(params: &GlobalParams) -> Result<()> {
    for field in GlobalParams::fields() {
        let (value, low, high) = (field.get(params), field.low.at(params), field.high.at(params));
        if value < low || value > high {
            let range = format!("{} to {}", text(&field.low, low), text(&field.high, high));
            return Err(Error::config(path(field), format!("{value} is out of its bounds, {range}")));
        }
    }
    // The same bounds: what is left for the program's own function is to say so.
    params.validate().map_err(|condition| Error::config("params", condition.0))
}

fn path(field: &Field) -> String {
    format!("params.{}.{}", field.group, field.name)
}

fn text(bound: &Bound, value: u64) -> String {
    bound.parameter().map_or_else(|| value.to_string(), |name| format!("params.{name} = {value}"))
}

/// Writes every parameter.
///
/// # Errors
/// The serializer's.
pub fn serialize<S: Serializer>(params: &GlobalParams, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(GlobalParams::GROUPS.len()))?;
    for group in GlobalParams::GROUPS {
        map.serialize_entry(group.name, &Written(params, group))?;
    }
    map.end()
}

/// The values of one group.
struct Written<'a>(&'a GlobalParams, &'a Group);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_map(self.1.fields.iter().map(|field| (field.name, field.get(self.0))))
    }
}

/// Reads what is there, and takes the default of what is not.
///
/// # Errors
/// An unknown group or parameter, or a value that is not a number or does not fit.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<GlobalParams, D::Error> {
    let mut params = GlobalParams::DEFAULT;
    deserializer.deserialize_map(Groups(&mut params))?;
    Ok(params)
}

/// Something that a key can name.
trait Named: 'static {
    fn name(&self) -> &'static str;
}

impl Named for Group {
    fn name(&self) -> &'static str {
        self.name
    }
}

impl Named for Field {
    fn name(&self) -> &'static str {
        self.name
    }
}

/// A key that must be one of these.
struct Key<T: 'static>(&'static [T]);

impl<'de, T: Named> DeserializeSeed<'de> for Key<T> {
    type Value = &'static T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<'de, T: Named> Visitor<'de> for Key<T> {
    type Value = &'static T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> std::result::Result<Self::Value, E> {
        self.0.iter().find(|known| known.name() == name).ok_or_else(|| {
            let known = self.0.iter().map(|known| format!("`{}`", known.name())).collect::<Vec<_>>().join(", ");
            E::custom(format_args!("unknown field `{name}`, expected one of {known}"))
        })
    }
}

struct Groups<'a>(&'a mut GlobalParams);

impl<'de> Visitor<'de> for Groups<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tables of parameters")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<(), A::Error> {
        while let Some(group) = map.next_key_seed(Key(GlobalParams::GROUPS))? {
            map.next_value_seed(Values(self.0, group))?;
        }
        Ok(())
    }
}

/// The table of one group.
struct Values<'a>(&'a mut GlobalParams, &'static Group);

impl<'de> DeserializeSeed<'de> for Values<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Values<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a table of the parameters in {}", self.1.name)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<(), A::Error> {
        while let Some(field) = map.next_key_seed(Key(self.1.fields))? {
            let value = map.next_value()?;
            if !field.set(self.0, value) {
                return Err(A::Error::custom(format_args!("{} = {value} is too large a number", field.name)));
            }
        }
        Ok(())
    }
}
