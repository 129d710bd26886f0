//! Checks the answer of an on-chain request from the chain alone: nothing that the operator says is taken on trust.

mod checks;
mod fetch;

pub(crate) use checks::{Check, check};
pub(crate) use fetch::{Evidence, fetch};
