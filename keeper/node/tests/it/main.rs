//! The roles against a chain, a model and a clock that the tests control.

// A test that cannot go on fails by panicking, in its helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod batches;
mod channels;
mod crank;
mod crash;
mod decline;
mod delivery;
mod end_to_end;
mod fees;
mod prover_process;
mod proving;
mod reorg;
mod runs;
mod stakes;
mod supervised;
mod support;
