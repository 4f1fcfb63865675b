//! Programs around the engine: what composes with it, and what tries to abuse that.

mod migration;
mod mock_oracle;
mod treasury;
mod venue;
