//! chain

pub mod address_book;
pub mod bindings;
pub mod fees;
pub mod rpc;
pub mod rpc_trait;
pub mod signer;
