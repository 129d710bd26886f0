//! Services that work in passes, and what keeps them going.

use std::{
    panic::AssertUnwindSafe,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use futures::FutureExt;
use opg_store::StoreError;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::ledger::LedgerError;

/// First and longest pause before a service that failed is tried again.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What a pass leaves to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// More work is waiting: the next pass follows at once.
    More,
    /// Nothing to do before this much time has passed or the service is woken.
    Wait(Duration),
}

/// Why a pass failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// The next pass may succeed.
    #[error("{0}")]
    Recoverable(String),
    /// It cannot get better by itself: the role has to stop.
    #[error("{0}")]
    Fatal(String),
}

impl From<LedgerError> for ServiceError {
    fn from(error: LedgerError) -> Self {
        if error.is_retryable() {
            Self::Recoverable(error.to_string())
        } else {
            Self::Fatal(error.to_string())
        }
    }
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        match error {
            // Busy, disk full, a job that moved on meanwhile: all may be different next time.
            StoreError::Database(_)
            | StoreError::WrongState { .. }
            | StoreError::ForbiddenTransition { .. }
            | StoreError::LeaseLost { .. }
            | StoreError::AlreadyInFlight { .. } => Self::Recoverable(error.to_string()),
            _ => Self::Fatal(error.to_string()),
        }
    }
}

/// A part of a role. Its passes are its only activity, and a pass may be cut off at any await.
#[async_trait]
pub trait Service: Send + Sync {
    /// Name in logs and metrics.
    fn name(&self) -> &'static str;

    /// Does what there is to do now.
    async fn pass(&self) -> Result<Progress, ServiceError>;

    /// Returns when something happened that the service should look at before its wait is over.
    async fn woken(&self) {
        std::future::pending().await
    }

    /// Ends what the service has begun: called once, after the last pass.
    async fn drain(&self) {}
}

/// Counts of a supervised service.
#[derive(Debug, Default)]
pub struct ServiceMetrics {
    /// Passes that ended well.
    pub passes: AtomicU64,
    /// Passes that failed and were repeated.
    pub restarts: AtomicU64,
}

/// Runs passes of `service` until `stop`, then drains it. A pass that fails or panics is repeated after a growing pause.
///
/// # Errors
/// The fatal error of a pass; the service was drained.
pub async fn supervise(
    service: &dyn Service,
    metrics: &ServiceMetrics,
    stop: CancellationToken,
) -> Result<(), ServiceError> {
    let mut pause = FIRST_PAUSE;
    let ended = loop {
        let pass = AssertUnwindSafe(service.pass()).catch_unwind();
        let result = tokio::select! {
            () = stop.cancelled() => break Ok(()),
            result = pass => result.unwrap_or_else(|_| Err(ServiceError::Recoverable("the service panicked".into()))),
        };
        let wait = match result {
            Ok(progress) => {
                metrics.passes.fetch_add(1, Ordering::Relaxed);
                pause = FIRST_PAUSE;
                match progress {
                    Progress::More => continue,
                    Progress::Wait(wait) => wait,
                }
            }
            Err(ServiceError::Recoverable(reason)) => {
                metrics.restarts.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(service = service.name(), %reason, ?pause, "a pass failed; it is repeated");
                let wait = pause;
                pause = (pause * 2).min(LONGEST_PAUSE);
                tokio::select! {
                    () = stop.cancelled() => break Ok(()),
                    () = tokio::time::sleep(wait) => continue,
                }
            }
            Err(fatal) => {
                tracing::error!(service = service.name(), reason = %fatal, "the service cannot go on");
                break Err(fatal);
            }
        };
        tokio::select! {
            () = stop.cancelled() => break Ok(()),
            () = service.woken() => {}
            () = tokio::time::sleep(wait) => {}
        }
    };
    service.drain().await;
    ended
}

/// The end of a service that runs as a task of its own.
pub(crate) async fn joined(service: JoinHandle<Result<(), ServiceError>>) -> Result<(), ServiceError> {
    service
        .await
        .unwrap_or_else(|error| Err(ServiceError::Fatal(format!("a service ended abnormally: {error}"))))
}
