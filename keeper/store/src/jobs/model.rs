//! What is known of a job.

use std::fmt;

use alloy_primitives::{Address, B256};
use opg_receipts::Request;
use serde::{Deserialize, Serialize};

use super::JobState;
use crate::journal::IntentId;

/// Number of a job in this database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(pub i64);

impl fmt::Display for JobId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A job without the bulk: its input and answer are read separately.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Job {
    /// Number in this database.
    pub id: JobId,
    /// Identifier of the request on the chain.
    pub request_id: B256,
    /// The request as its event gave it.
    pub request: Request,
    /// Hash of the block that contains the request.
    pub block_hash: B256,
    /// Where the job stands.
    pub state: JobState,
    /// Why it ended, or why it was last put back.
    pub reason: Option<String>,
    /// On what terms it was accepted.
    pub offer: Option<Offer>,
    /// Runs begun and not handed back.
    pub attempts: u32,
    /// Unix milliseconds before which it is neither run nor submitted.
    pub not_before: u64,
    /// Who runs it.
    pub lease: Option<Lease>,
    /// Journal intent of the last submission.
    pub intent: Option<IntentId>,
    /// How often it was submitted.
    pub submissions: u32,
    /// How the chain closed the request, final or not.
    pub settlement: Option<Settlement>,
    /// When it reached each stage.
    pub stages: Stages,
}

/// The terms on which a job is accepted. They stay what they are when the configuration changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Offer {
    /// OPG wei per compute unit.
    #[serde(serialize_with = "as_string")]
    pub unit_price: u128,
    /// Most output tokens that the maximum fee pays for; none where it pays for all that the model can produce.
    pub output_limit: Option<u32>,
}

/// The right to run a job for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lease {
    /// Who holds it.
    pub owner: String,
    /// Unix milliseconds until which it holds without a heartbeat.
    pub until: u64,
}

/// How the chain closed a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Settlement {
    /// Block in which it happened.
    pub block: u64,
    /// Transaction that did it.
    pub transaction: B256,
    /// Whose answer was accepted; none if the request expired.
    pub operator: Option<Address>,
}

/// Unix milliseconds at which a job first reached each stage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Stages {
    /// Its event was read.
    pub seen: u64,
    /// It was accepted.
    pub accepted: Option<u64>,
    /// The last run began.
    pub started: Option<u64>,
    /// Its answer was stored.
    pub answered: Option<u64>,
    /// It was handed to the journal.
    pub submitted: Option<u64>,
    /// The journal's first transaction for it went out.
    pub broadcast: Option<u64>,
    /// The chain's closing event was read.
    pub mined: Option<u64>,
    /// It reached a final state.
    pub finished: Option<u64>,
}

fn as_string<S: serde::Serializer>(value: &u128, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}
