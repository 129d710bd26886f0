//! What the crank role counts since its start.

use std::sync::atomic::AtomicU64;

use crate::supervisor::ServiceMetrics;

/// Counters of the role. Each only grows.
#[derive(Debug, Default)]
pub struct CrankMetrics {
    /// Schedules that the vault was asked about.
    pub read: AtomicU64,
    /// Transactions handed to the journal.
    pub batches: AtomicU64,
    /// Schedules in them.
    pub enqueued: AtomicU64,
    /// Schedules that were found released when their transaction was final.
    pub released: AtomicU64,
    /// Schedules that their transaction left out.
    pub skipped: AtomicU64,
    /// Transactions that did not reach the chain, or reverted there.
    pub failed: AtomicU64,
    /// Schedules that somebody else released between two looks.
    pub overtaken: AtomicU64,
    /// Passes that waited because gas was too dear.
    pub dear: AtomicU64,
    /// Passes and restarts of each service: release, settle.
    pub services: [ServiceMetrics; 2],
}
