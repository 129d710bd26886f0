//! Integration tests of the chain crate.

// clippy.toml allows these in test functions, but not in the functions that they share.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod address_book;
mod channels;
mod follower;
mod journal;
mod ledger;
mod rpc_faults;
mod rpc_probe;
mod signer;
mod support;
