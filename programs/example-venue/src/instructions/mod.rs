//! One file per thing the venue does.

mod desk;
mod liquidate;
mod margin;
mod quote;
mod venue;

pub use desk::*;
pub use liquidate::*;
pub use margin::*;
pub use quote::*;
pub use venue::*;
