//! The transaction journal: against a fake chain with every fault in its list, and against a real anvil.

mod anvil;
mod calls;
mod coverage;
mod fake_chain;
mod fake_rpc;
mod node;
mod schedule;
mod simulation;
