//! Parameters: every group and every field of it by its own name, made from the pure crate's lists.

use plimsoll_risk::params::*;

use super::wire;

/// Makes a group's argument and both conversions.
macro_rules! group_args {
    (
        $(#[doc = $about:literal])+
        $group:ident: $Group:ident, $Args:ident, $bytes:literal bytes, |$all:ident|
        $($(#[doc = $doc:literal])+ $field:ident: $type:ident = $default:expr, from $low:expr, to $high:expr, class $class:tt;)+
    ) => {
        wire! {
            $(#[doc = $about])+
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub struct $Args {
                $($(#[doc = $doc])+ pub $field: $type,)+
            }
        }

        impl From<$Args> for $Group {
            #[inline(always)]
            fn from(args: $Args) -> Self {
                Self { $($field: args.$field,)+ ..Self::DEFAULT }
            }
        }

        impl From<$Group> for $Args {
            fn from(params: $Group) -> Self {
                Self { $($field: params.$field,)+ }
            }
        }
    };
}
plimsoll_risk::auction_params!(group_args);
plimsoll_risk::wind_down_params!(group_args);
plimsoll_risk::leg_params!(group_args);
plimsoll_risk::target_params!(group_args);
plimsoll_risk::observation_params!(group_args);
plimsoll_risk::price_params!(group_args);
plimsoll_risk::perp_params!(group_args);
plimsoll_risk::lending_params!(group_args);
plimsoll_risk::change_params!(group_args);
plimsoll_risk::draw_params!(group_args);
plimsoll_risk::breaker_params!(group_args);

macro_rules! global_args {
    ($($(#[doc = $doc:literal])+ $group:ident: $Group:ident, $Args:ident;)+) => {
        wire! {
            /// [`GlobalParams`] as an argument; units stand in the names.
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub struct GlobalParamsArgs {
                $($(#[doc = $doc])+ pub $group: $Args,)+
            }
        }

        impl From<GlobalParamsArgs> for GlobalParams {
            #[inline(never)]
            fn from(args: GlobalParamsArgs) -> Self {
                Self { $($group: args.$group.into(),)+ }
            }
        }

        impl From<GlobalParams> for GlobalParamsArgs {
            fn from(params: GlobalParams) -> Self {
                Self { $($group: params.$group.into(),)+ }
            }
        }
    };
}
plimsoll_risk::params_groups!(global_args);
