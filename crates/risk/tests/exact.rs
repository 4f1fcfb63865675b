//! Formulas restated in exact rationals, or plainly in wide integers, over small grids that contain every boundary: the
//! integers must be equal to them, not only near.

mod convert;
mod exact {
    pub mod amounts;
    pub mod averages;
    pub mod margins;
    pub mod prices;
    pub mod readings;
    pub mod requirements;
    pub mod settlement;
}
mod support;
