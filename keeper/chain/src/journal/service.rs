//! The journal as a running thing.

use std::{fmt, sync::Arc, time::Duration};

use alloy::{
    network::TxSigner,
    primitives::{Address, Signature},
};
use opg_store::{Store, journal as table};
use tokio::sync::{Mutex, Notify, watch};
use tokio_util::sync::CancellationToken;

use super::{
    Alert, Clock, JournalConfig, JournalError, Status, SystemClock,
    pass::{self, Core, Memory},
};
use crate::rpc_trait::ChainRpc;

/// Longest pause between passes while they fail.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// The journal of one signer. There must be one per signer, on one chain.
pub struct Journal {
    core: Core,
    memory: Mutex<Memory>,
    wake: Arc<Notify>,
    status: watch::Sender<Status>,
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("signer", &self.core.address).finish_non_exhaustive()
    }
}

/// Wakes a journal: call it after committing an intent, and it is sent without waiting for the next poll.
#[derive(Clone, Debug)]
pub struct Waker(Arc<Notify>);

impl Waker {
    /// Wakes it.
    pub fn wake(&self) {
        self.0.notify_one();
    }
}

impl Journal {
    /// A journal for `signer` on the machine's clock.
    ///
    /// # Errors
    /// If the settings contradict each other.
    pub fn new(
        store: Store,
        rpc: Arc<dyn ChainRpc>,
        signer: Arc<dyn TxSigner<Signature> + Send + Sync>,
        config: JournalConfig,
    ) -> Result<Self, JournalError> {
        Self::with_clock(store, rpc, signer, config, Arc::new(SystemClock))
    }

    /// The same on another clock.
    ///
    /// # Errors
    /// If the settings contradict each other.
    pub fn with_clock(
        store: Store,
        rpc: Arc<dyn ChainRpc>,
        signer: Arc<dyn TxSigner<Signature> + Send + Sync>,
        config: JournalConfig,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, JournalError> {
        config.validate()?;
        let address = signer.address();
        Ok(Self {
            core: Core { store, rpc, signer, address, config, clock },
            memory: Mutex::default(),
            wake: Arc::default(),
            status: watch::Sender::default(),
        })
    }

    /// The account that sends.
    #[must_use]
    pub const fn signer(&self) -> Address {
        self.core.address
    }

    /// A handle that wakes this journal.
    #[must_use]
    pub fn waker(&self) -> Waker {
        Waker(Arc::clone(&self.wake))
    }

    /// State after each pass.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    /// One pass. It may be dropped at any point: what it had made durable stands, and the next pass goes on from there.
    ///
    /// # Errors
    /// If the chain cannot be asked, durable state fails, or chain, database and configuration do not belong together.
    pub async fn tick(&self) -> Result<Status, JournalError> {
        let mut memory = self.memory.lock().await;
        let outcome = pass::run(&self.core, &mut memory).await;
        let status = match &outcome {
            Ok(status) => status.clone(),
            Err(error) => Status {
                at: self.core.clock.now(),
                reconciled: memory.reconciled,
                alerts: vec![Alert::from(error)],
                ..self.status.borrow().clone()
            },
        };
        let alert = (!status.alerts.is_empty())
            .then(|| status.alerts.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "));
        self.status.send_replace(status);
        if memory.alert.as_ref() != Some(&alert) {
            let signer = self.core.address;
            self.core.commit(|tx, now| table::set_alert(tx, signer, alert.as_deref(), now))?;
            memory.alert = Some(alert);
        }
        outcome
    }

    /// Passes until `shutdown`: at once when woken, otherwise at the poll interval, more slowly while they fail.
    ///
    /// # Errors
    /// One that no later pass would mend.
    pub async fn run(&self, shutdown: CancellationToken) -> Result<(), JournalError> {
        let poll = self.core.config.poll_interval;
        let mut pause = poll;
        loop {
            // A pass is not interrupted: it ends soon, and what it began is better finished.
            match self.tick().await {
                Ok(_) => pause = poll,
                Err(error) if error.is_retryable() => {
                    pause = (pause * 2).min(LONGEST_PAUSE.max(poll));
                    tracing::warn!(%error, ?pause, "journal pass failed, trying again");
                }
                Err(error) => return Err(error),
            }
            tokio::select! {
                () = shutdown.cancelled() => return Ok(()),
                () = self.wake.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }
}
