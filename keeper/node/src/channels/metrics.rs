//! What the service counts.

use std::sync::atomic::AtomicU64;

use crate::supervisor::ServiceMetrics;

/// Counters. Each only grows. Sums of money are in the store.
#[derive(Debug, Default)]
pub struct ChannelsMetrics {
    /// Claims handed to the journal.
    pub claims: AtomicU64,
    /// Channels in them.
    pub rows: AtomicU64,
    /// Claims that the chain took.
    pub taken: AtomicU64,
    /// Claims that it did not take; their channels went into others.
    pub failed: AtomicU64,
    /// Channels that were left out of a claim because the chain would not have taken them.
    pub refused: AtomicU64,
    /// Passes and restarts.
    pub service: ServiceMetrics,
}
