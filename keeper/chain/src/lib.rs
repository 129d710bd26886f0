#![doc = include_str!("../README.md")]

pub mod address_book;
pub mod batches;
pub mod bindings;
pub mod channels;
pub mod events;
pub mod fees;
pub mod journal;
pub mod ledger;
pub mod rpc;
pub mod rpc_trait;
pub mod signer;
pub mod x402;
