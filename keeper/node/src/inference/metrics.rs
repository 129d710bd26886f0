//! What the inference role counts since its start.

use std::sync::atomic::AtomicU64;

use crate::supervisor::ServiceMetrics;

/// Counters of the role. Each only grows, but `inactive`.
#[derive(Debug, Default)]
pub struct RoleMetrics {
    /// Requests seen.
    pub requests: AtomicU64,
    /// Reorganisations followed.
    pub reorganisations: AtomicU64,
    /// Jobs accepted.
    pub accepted: AtomicU64,
    /// Jobs declined.
    pub declined: AtomicU64,
    /// Runs that ended with an answer.
    pub answered: AtomicU64,
    /// Runs that failed.
    pub failed_runs: AtomicU64,
    /// Runs stopped because their job ended otherwise.
    pub lost_runs: AtomicU64,
    /// Proofs made.
    pub proofs: AtomicU64,
    /// Milliseconds that they took together.
    pub proving_ms: AtomicU64,
    /// Attempts at a proof that failed.
    pub failed_proofs: AtomicU64,
    /// Attempts at a proof stopped because nobody wanted it any more.
    pub lost_proofs: AtomicU64,
    /// Deliveries handed to the journal.
    pub submitted: AtomicU64,
    /// Receipts renewed before delivery.
    pub renewed: AtomicU64,
    /// Jobs that succeeded.
    pub succeeded: AtomicU64,
    /// Jobs that ended otherwise after they were accepted.
    pub unsuccessful: AtomicU64,
    /// 1 while the operator is not active with this keeper's key, else 0.
    pub inactive: AtomicU64,
    /// Passes and restarts of each service: ingest, decide, run, prove, submit, settle.
    pub services: [ServiceMetrics; 6],
}
