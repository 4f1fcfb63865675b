//! What an authority sets on a bank, a market and a price, as tables of a file: made from the lists of `plimsoll_state`.

use plimsoll_risk::params::GlobalParams;
use plimsoll_sdk::ix::args::{Setting, SettingBound};

use crate::error::{Error, Result};

/// Makes of a list a table of a file: what is no number, then every number by its own name.
macro_rules! table {
    (
        {
            $Table:ident
            $($(#[$meta:meta])* $extra:ident: $extra_type:ty,)*
        }
        $(#[doc = $about:literal])+
        $Args:ident of |$account:ident: $Account:ident, $slot:ident: $Slot:ident, $own:ident, $all:ident|
        $(
            $(#[doc = $part:literal])+
            $Struct:ident in $place:tt $bytes:tt {
                $(
                    $(#[doc = $doc:literal])+
                    $field:ident: $($type:ident)? $([$inner:ident = $default:expr])? { $($rule:tt)+ };
                )+
            }
        )+
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $Table {
            $($(#[$meta])* pub $extra: $extra_type,)*
            $($(
                $(#[doc = $doc])+
                $(
                    #[doc = concat!("Absent: `", stringify!($default), "`.")]
                    #[serde(default, skip_serializing_if = "Option::is_none")]
                )?
                pub $field: $($type)? $(Option<$inner>)?,
            )+)+
        }

        impl $Table {
            /// The table of what the program takes.
            pub fn of(args: &$Args $(, $extra: $extra_type)*) -> Self {
                Self { $($extra,)* $($($field: args.$field,)+)+ }
            }

            /// Every number, as the program takes it.
            pub fn settings(&self) -> $Args {
                let mut args = $Args::default();
                $($(args.$field = self.$field;)+)+
                args
            }

            /// The same with what is absent at what it comes to, and absent where that is no limit.
            #[must_use]
            pub fn written_out(mut self) -> Self {
                $($($(
                    let value: $inner = self.$field.unwrap_or($default);
                    self.$field = (value as u64 != u64::MAX).then_some(value);
                )?)+)+
                self
            }
        }
    };
}
pub(super) use table;

/// Checks every bound.
///
/// # Errors
/// `Config` naming the first number that leaves its bounds, and these.
pub fn validate<Args>(at: &str, args: &Args, settings: &[Setting<Args>], params: &GlobalParams) -> Result<()> {
    for setting in settings {
        let value = setting.get(args);
        let (low, high) = (setting.low.at(args, params), setting.high.at(args, params));
        if value < low || value > high {
            let range = format!("{} to {}", text(&setting.low, low), text(&setting.high, high));
            return Err(Error::config(
                format!("{at}.{}", setting.name),
                format!("{value} is out of its bounds, {range}"),
            ));
        }
    }
    Ok(())
}

fn text<Args>(bound: &SettingBound<Args>, value: u64) -> String {
    let parameter = bound.parameter().map(|name| format!("params.{name}"));
    let name = parameter.or_else(|| bound.setting().map(str::to_owned));
    name.map_or_else(|| value.to_string(), |name| format!("{name} = {value}"))
}
