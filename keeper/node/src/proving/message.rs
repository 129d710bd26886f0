//! What keeper and proving process say to each other: a line of JSON each.

use std::path::PathBuf;

use alloy::primitives::{B256, Bytes};
use serde::{Deserialize, Serialize};

/// The one thing that the process is told.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) model: PathBuf,
    pub(super) key: PathBuf,
    pub(super) input: Bytes,
    pub(super) statement: B256,
    /// Most bytes of private memory.
    pub(super) memory_limit: Option<u64>,
}

/// What it says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Report {
    /// Parts done, and of how many.
    Parts(u32, u32),
    /// The end: a proof.
    Proof(Bytes),
    /// The end: there will never be one.
    Impossible(String),
}
