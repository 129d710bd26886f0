#![doc = include_str!("../README.md")]

pub mod batches;
pub mod channels;
mod columns;
pub mod cursors;
pub mod db;
pub mod error;
pub mod fees;
pub mod group;
pub mod http;
pub mod jobs;
pub mod journal;
pub mod proofs;
pub mod staking;
pub mod vesting;

pub use db::Store;
pub use error::StoreError;
pub use group::{GroupError, GroupWriter};
