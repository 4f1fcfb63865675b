//! 

pub mod world;
