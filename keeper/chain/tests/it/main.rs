//! Integration tests of the chain crate.

mod address_book;
mod follower;
mod journal;
mod ledger;
mod rpc_faults;
mod rpc_probe;
mod signer;
mod support;
