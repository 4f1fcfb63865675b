//! An event's fields as JSON: integers of 64 bits and more as text, since they may exceed 2^53, addresses in base58, bytes in
//! hexadecimal.

use std::fmt;

use plimsoll_sdk::event::EngineEvent;
use serde::ser::{self, Serialize, SerializeSeq, SerializeStruct, SerializeTuple, SerializeTupleStruct, Serializer};
use serde_json::{Map, Value};
use solana_pubkey::Pubkey;

/// What the type of an address calls itself.
const ADDRESS: &str = "Address";

/// The fields of an event, by name.
///
/// # Errors
/// Where it has a field of a kind that no event had when this was written.
pub fn fields(event: &EngineEvent) -> Result<Map<String, Value>, Unknown> {
    match event.serialize(Fields)? {
        Part::Value(Value::Object(fields)) => Ok(fields),
        _ => Err(Unknown("an event without fields".to_owned())),
    }
}

/// A kind of data that events do not have.
#[derive(Debug, PartialEq, Eq)]
pub struct Unknown(String);

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot be shown: {}", self.0)
    }
}

impl std::error::Error for Unknown {}

impl ser::Error for Unknown {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// A value, or a byte, of which several are a text of their own.
pub enum Part {
    Byte(u8),
    Value(Value),
}

impl Part {
    fn value(self) -> Value {
        match self {
            Self::Byte(byte) => byte.into(),
            Self::Value(value) => value,
        }
    }
}

fn known(value: impl Into<Value>) -> Result<Part, Unknown> {
    Ok(Part::Value(value.into()))
}

/// Turns data into JSON.
struct Fields;

/// Elements of a list.
struct List {
    bytes: Vec<u8>,
    values: Vec<Value>,
}

/// Fields of a struct.
struct Record(Map<String, Value>);

impl List {
    const fn new() -> Self {
        Self { bytes: Vec::new(), values: Vec::new() }
    }

    fn push<T: Serialize + ?Sized>(&mut self, element: &T) -> Result<(), Unknown> {
        match element.serialize(Fields)? {
            Part::Byte(byte) => self.bytes.push(byte),
            Part::Value(value) => self.values.push(value),
        }
        Ok(())
    }

    fn done(self) -> Result<Part, Unknown> {
        if self.bytes.is_empty() {
            return known(self.values);
        }
        known(self.bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
    }
}

impl SerializeSeq for List {
    type Ok = Part;
    type Error = Unknown;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, element: &T) -> Result<(), Unknown> {
        self.push(element)
    }

    fn end(self) -> Result<Part, Unknown> {
        self.done()
    }
}

impl SerializeTuple for List {
    type Ok = Part;
    type Error = Unknown;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, element: &T) -> Result<(), Unknown> {
        self.push(element)
    }

    fn end(self) -> Result<Part, Unknown> {
        self.done()
    }
}

impl SerializeTupleStruct for List {
    type Ok = Part;
    type Error = Unknown;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, element: &T) -> Result<(), Unknown> {
        self.push(element)
    }

    fn end(self) -> Result<Part, Unknown> {
        self.done()
    }
}

impl SerializeStruct for Record {
    type Ok = Part;
    type Error = Unknown;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Unknown> {
        self.0.insert(name.to_owned(), value.serialize(Fields)?.value());
        Ok(())
    }

    fn end(self) -> Result<Part, Unknown> {
        known(self.0)
    }
}

/// The 32 bytes of an address.
fn address(value: Part) -> Option<Pubkey> {
    let Part::Value(Value::String(text)) = value else { return None };
    let bytes: Option<Vec<u8>> =
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect();
    Pubkey::try_from(bytes?.as_slice()).ok()
}

/// What no event has.
macro_rules! never {
    ($($method:ident($($type:ty),*) -> $ok:ty;)+) => {$(
        fn $method(self $(, _: $type)*) -> Result<$ok, Unknown> {
            Err(Unknown(stringify!($method).to_owned()))
        }
    )+};
}

impl Serializer for Fields {
    type Ok = Part;
    type Error = Unknown;
    type SerializeSeq = List;
    type SerializeTuple = List;
    type SerializeTupleStruct = List;
    type SerializeTupleVariant = ser::Impossible<Part, Unknown>;
    type SerializeMap = ser::Impossible<Part, Unknown>;
    type SerializeStruct = Record;
    type SerializeStructVariant = ser::Impossible<Part, Unknown>;

    never! {
        serialize_f32(f32) -> Part;
        serialize_f64(f64) -> Part;
        serialize_char(char) -> Part;
        serialize_bytes(&[u8]) -> Part;
        serialize_unit() -> Part;
        serialize_unit_struct(&'static str) -> Part;
        serialize_map(Option<usize>) -> Self::SerializeMap;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
    }

    fn serialize_bool(self, value: bool) -> Result<Part, Unknown> {
        known(value)
    }

    fn serialize_i8(self, value: i8) -> Result<Part, Unknown> {
        known(value)
    }

    fn serialize_i16(self, value: i16) -> Result<Part, Unknown> {
        known(value)
    }

    fn serialize_i32(self, value: i32) -> Result<Part, Unknown> {
        known(value)
    }

    fn serialize_i64(self, value: i64) -> Result<Part, Unknown> {
        known(value.to_string())
    }

    fn serialize_i128(self, value: i128) -> Result<Part, Unknown> {
        known(value.to_string())
    }

    fn serialize_u8(self, value: u8) -> Result<Part, Unknown> {
        Ok(Part::Byte(value))
    }

    fn serialize_u16(self, value: u16) -> Result<Part, Unknown> {
        known(value)
    }

    fn serialize_u32(self, value: u32) -> Result<Part, Unknown> {
        known(value)
    }

    fn serialize_u64(self, value: u64) -> Result<Part, Unknown> {
        known(value.to_string())
    }

    fn serialize_u128(self, value: u128) -> Result<Part, Unknown> {
        known(value.to_string())
    }

    fn serialize_str(self, value: &str) -> Result<Part, Unknown> {
        known(value)
    }

    fn serialize_none(self) -> Result<Part, Unknown> {
        known(Value::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Part, Unknown> {
        value.serialize(Self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<Part, Unknown> {
        known(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<Part, Unknown> {
        let inner = value.serialize(Self)?;
        if name != ADDRESS {
            return Ok(inner);
        }
        address(inner).map_or_else(|| Err(Unknown(name.to_owned())), |address| known(address.to_string()))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Part, Unknown> {
        known(Map::from_iter([(variant.to_owned(), value.serialize(Self)?.value())]))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List, Unknown> {
        Ok(List::new())
    }

    fn serialize_tuple(self, _: usize) -> Result<List, Unknown> {
        Ok(List::new())
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<List, Unknown> {
        Ok(List::new())
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Record, Unknown> {
        Ok(Record(Map::new()))
    }
}
