//! What the service counts.

use std::sync::atomic::AtomicU64;

use crate::supervisor::ServiceMetrics;

/// Counters. Each only grows. Sums of money are in the books.
#[derive(Debug, Default)]
pub struct FeesMetrics {
    /// Steps handed to the journal.
    pub steps: AtomicU64,
    /// Steps that the chain would not take.
    pub refused: AtomicU64,
    /// Steps that waited because their gas was too dear for what they bring.
    pub dear: AtomicU64,
    /// Passes in which fees waited because the operator is at its cap.
    pub capped: AtomicU64,
    /// Passes and restarts.
    pub service: ServiceMetrics,
}
