//! What is known of a proof.

use serde::{Deserialize, Serialize};

use crate::{StoreError, columns::Columns};

/// Bytes of a proof.
pub const LENGTH: usize = 256;

/// Where a proof stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProofState {
    /// Its turn has not come, or it is to be tried again.
    Waiting,
    /// It is being made.
    Proving,
    /// It is there.
    Proved,
}

impl ProofState {
    fn parse(name: &str) -> Option<Self> {
        match name {
            "waiting" => Some(Self::Waiting),
            "proving" => Some(Self::Proving),
            "proved" => Some(Self::Proved),
            _ => None,
        }
    }
}

/// A proof without its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// Where it stands.
    pub state: ProofState,
    /// Attempts begun and not handed back.
    pub attempts: u32,
    /// Unix milliseconds before which it is not tried again.
    pub not_before: u64,
    /// Of the attempt in progress: parts done, and of how many. Zero where none has reported.
    pub parts: (u32, u32),
    /// Why the last attempt failed.
    pub reason: Option<String>,
    /// Milliseconds that making it took.
    pub proving_ms: Option<u64>,
    /// Unix milliseconds at which the last attempt began.
    pub started: Option<u64>,
    /// Unix milliseconds at which it was there.
    pub proved: Option<u64>,
}

impl Proof {
    pub(super) fn from_columns(columns: &Columns<'_, '_>) -> Result<Self, StoreError> {
        let name: String = columns.get("state")?;
        let state = ProofState::parse(&name)
            .ok_or_else(|| StoreError::Corrupt { what: "state of a proof", reason: name })?;
        Ok(Self {
            state,
            attempts: columns.get("attempts")?,
            not_before: columns.unsigned("not_before")?,
            parts: (columns.get("parts_done")?, columns.get("parts")?),
            reason: columns.get("reason")?,
            proving_ms: columns.optional_unsigned("proving_ms")?,
            started: columns.optional_unsigned("started_at")?,
            proved: columns.optional_unsigned("proved_at")?,
        })
    }
}
