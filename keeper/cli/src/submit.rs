//! Transactions of commands: through the journal like every other.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use alloy::{
    primitives::{Address, B256, Bytes, U256},
    sol_types::SolCall,
};
use opg_chain::{
    journal::{self, Alert, Intent, IntentId, IntentState, Journal, JournalConfig},
    rpc_trait::ChainRpc,
    signer::PrivateKeySigner,
};
use opg_store::Store;

use crate::{
    context,
    daemon::Lock,
    error::{CliError, CliResult, Code},
    text::now,
};

/// Pause between looks at a transaction.
const PAUSE: Duration = Duration::from_millis(100);
/// How long the chain may be unreachable before the command gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sends for one account and waits for what becomes of it.
#[derive(Debug)]
pub(crate) struct Submitter {
    store: Store,
    account: Address,
    /// `None` where another process runs the account's journal: there must be only one.
    journal: Option<Journal>,
    _lock: Option<Lock>,
}

/// A call to make.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// Names it for ever: the same key is never sent twice.
    pub(crate) key: String,
    /// Why, for people.
    pub(crate) purpose: String,
    pub(crate) to: Address,
    pub(crate) data: Bytes,
    pub(crate) value: U256,
}

impl Call {
    /// A call of a contract's function.
    pub(crate) fn new(
        key: impl Into<String>,
        purpose: impl Into<String>,
        to: Address,
        call: &impl SolCall,
    ) -> Self {
        Self {
            key: key.into(),
            purpose: purpose.into(),
            to,
            data: call.abi_encode().into(),
            value: U256::ZERO,
        }
    }
}

impl Submitter {
    /// Runs the journal of `signer` itself.
    pub(crate) fn own(
        store: Store,
        rpc: Arc<dyn ChainRpc>,
        signer: PrivateKeySigner,
        config: JournalConfig,
    ) -> CliResult<Self> {
        let account = signer.address();
        let journal = Journal::new(store.clone(), rpc, Arc::new(signer), config)
            .map_err(|error| CliError::internal("journal", error))?;
        Ok(Self { store, account, journal: Some(journal), _lock: None })
    }

    /// Leaves the sending to the keeper that runs on the same database.
    pub(crate) const fn through_keeper(store: Store, account: Address) -> Self {
        Self { store, account, journal: None, _lock: None }
    }

    /// Keeps `lock` as long as it sends.
    pub(crate) fn holding(self, lock: Option<Lock>) -> Self {
        Self { _lock: lock, ..self }
    }

    /// The account that sends.
    pub(crate) const fn account(&self) -> Address {
        self.account
    }

    /// Sends `calls` in order, waits until all are mined and confirmed, and returns their hashes.
    pub(crate) async fn send(&self, calls: &[Call]) -> CliResult<Vec<B256>> {
        let ids = self.enqueue(calls)?;
        let mut mined = Vec::new();
        for (id, call) in ids.into_iter().zip(calls) {
            mined.push(self.wait(id, call).await?);
        }
        Ok(mined)
    }

    fn enqueue(&self, calls: &[Call]) -> CliResult<Vec<IntentId>> {
        self.store
            .write(|tx| {
                calls
                    .iter()
                    .map(|call| {
                        let intent = Intent {
                            key: call.key.clone(),
                            purpose: call.purpose.clone(),
                            to: call.to,
                            calldata: call.data.clone(),
                            value: call.value,
                            deadline: None,
                            max_cost: None,
                        };
                        journal::enqueue(tx, self.account, &intent, now())
                    })
                    .collect()
            })
            .map_err(context::state)
    }

    async fn wait(&self, id: IntentId, call: &Call) -> CliResult<B256> {
        let mut last_success = Instant::now();
        loop {
            if let Some(journal) = &self.journal {
                match journal.tick().await {
                    Err(error) if !error.is_retryable() || last_success.elapsed() > PATIENCE => {
                        return Err(refused(call, &error));
                    }
                    Err(_) => {}
                    Ok(status) => {
                        last_success = Instant::now();
                        // The only alert that does not pass by itself within minutes.
                        let funds = |alert: &&Alert| matches!(alert, Alert::InsufficientFunds { .. });
                        if let Some(alert) = status.alerts.iter().find(funds) {
                            return Err(refused(call, alert));
                        }
                    }
                }
            }
            match self.store.read(|tx| journal::outcome(tx, id)).map_err(context::state)? {
                IntentState::Confirmed { hash, success: true, .. } => return Ok(hash),
                IntentState::Confirmed { hash, .. } => {
                    return Err(refused(call, &format!("transaction {hash} reverted")));
                }
                IntentState::Failed { reason } => return Err(refused(call, &reason)),
                _ => tokio::time::sleep(PAUSE).await,
            }
        }
    }
}

fn refused(call: &Call, reason: &dyn std::fmt::Display) -> CliError {
    CliError::new(
        Code::Contract,
        &call.purpose,
        reason,
        "correct what is named and repeat the command: what was sent already is not sent again",
    )
}
