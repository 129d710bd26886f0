//! The transaction journal: against a fake chain with every fault in its list, and against a real anvil.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests"
)]

mod anvil;
mod calls;
mod clock;
mod coverage;
mod fake_chain;
mod fake_rpc;
mod node;
mod schedule;
mod simulation;
