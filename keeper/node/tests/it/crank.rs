//! The crank role against a vault and a chain that the tests control.

mod keeper;
mod large;
mod opening;
mod plan;
mod rare;
mod simulation;
mod vault;
