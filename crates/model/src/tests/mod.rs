//! Properties of the formulas, on random portfolios and sequences. Each seed is fixed, so a failure repeats.

mod cures;

mod generate;

mod margins;

mod allowances;
mod averages;
mod bankruptcies;
mod banks;
mod eligibility;
mod indices;
mod markets;
mod penalties;
mod prng;
mod readings;
mod settling;
mod splitting;
mod wind_downs;
