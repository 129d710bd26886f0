//! What the batch service counts.

use std::sync::atomic::AtomicU64;

use crate::supervisor::ServiceMetrics;

/// Counters. Each only grows, unless it says otherwise.
#[derive(Debug, Default)]
pub struct BatchesMetrics {
    /// Batches handed to the journal.
    pub sealed: AtomicU64,
    /// Receipts in them.
    pub receipts: AtomicU64,
    /// Batches seen on the chain.
    pub posted: AtomicU64,
    /// Batches whose transaction did not reach the chain; their receipts went into others.
    pub dissolved: AtomicU64,
    /// Batches that counted for nothing on the chain; their receipts went into others.
    pub voided: AtomicU64,
    /// Receipts given up because they were too old to be posted.
    pub late: AtomicU64,
    /// Receipts given up because the chain would not hold them for valid.
    pub invalid: AtomicU64,
    /// Demanded leaves handed to the journal.
    pub answers: AtomicU64,
    /// Demanded leaves that were not shown in time.
    pub unanswered: AtomicU64,
    /// Final batches whose receipts and answers were removed, as the operator wants it.
    pub pruned: AtomicU64,
    /// Receipts that were removed.
    pub pruned_receipts: AtomicU64,
    /// Seconds by which the keeper's clock is ahead of the latest block. Not a count: it falls again.
    pub clock_ahead: AtomicU64,
    /// Seconds by which it is behind. Falls again, too.
    pub clock_behind: AtomicU64,
    /// Passes and restarts.
    pub service: ServiceMetrics,
}
