#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

pub mod evm;
mod key;
mod proof;
mod statement;

pub use key::VerifyingKey;
pub use proof::Proof;
pub use statement::{CHUNK, Statement, public_inputs};
