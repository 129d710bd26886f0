//! The inference role against a chain, a model and a clock that the tests control.

mod crash;
mod decline;
mod delivery;
mod end_to_end;
mod reorg;
mod runs;
mod supervised;
mod support;
