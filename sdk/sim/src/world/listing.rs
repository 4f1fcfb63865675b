//! Banks and markets with their defaults.
