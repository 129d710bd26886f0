//! One pass: look at the chain, settle what it decided, then act on the rest.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use alloy::{
    network::TxSigner,
    primitives::{Address, B256, Signature, U256},
};
use futures::try_join;
use opg_store::{
    Store,
    journal::{self as table, IntentRecord, Slot, SlotState, Transaction},
};

use super::{
    Alert, Clock, JournalConfig, JournalError, Status, admit, fees::Market, gaps, lineage::Lineage, observe,
    refusal::Refusal, upkeep,
};
use crate::rpc_trait::{ChainRpc, Head};

/// What a journal consists of for its whole life.
pub(super) struct Core {
    pub(super) store: Store,
    pub(super) rpc: Arc<dyn ChainRpc>,
    pub(super) signer: Arc<dyn TxSigner<Signature> + Send + Sync>,
    pub(super) address: Address,
    pub(super) config: JournalConfig,
    pub(super) clock: Arc<dyn Clock>,
}

/// What is remembered between passes. Losing it, as a crash does, costs repeated questions and nothing else.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// Whether every nonce has been compared with the chain since the start.
    pub(super) reconciled: bool,
    /// Headers seen.
    pub(super) lineage: Lineage,
    /// What the latest transaction of a nonce was last refused for.
    pub(super) refusals: HashMap<u64, Refusal>,
    /// When the pool was last seen to hold the latest transaction of a nonce.
    pub(super) pooled: HashMap<u64, u64>,
    /// A nonce below ours that nobody uses, and since when.
    pub(super) gap: Option<(u64, u64)>,
    /// Since when the chain has been shorter than a block we know.
    pub(super) behind: Option<u64>,
    /// Queued intents found unfit for sending at this head.
    pub(super) unfit: HashSet<(i64, B256)>,
    /// The alert last made durable.
    pub(super) alert: Option<Option<String>>,
}

/// One pass at work.
pub(super) struct Pass<'a> {
    pub(super) core: &'a Core,
    pub(super) memory: &'a mut Memory,
    pub(super) now: u64,
    pub(super) head: Head,
    pub(super) count: u64,
    pub(super) balance: U256,
    pub(super) alerts: Vec<Alert>,
    pub(super) market: Option<Market>,
}

/// A nonce and the intent it carries.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) slot: Slot,
    pub(super) intent: Option<IntentRecord>,
}

/// Runs one pass.
pub(super) async fn run(core: &Core, memory: &mut Memory) -> Result<Status, JournalError> {
    let now = core.clock.now();
    if !memory.reconciled {
        check_chain(core).await?;
    }
    let (head, count, balance) =
        try_join!(core.rpc.head(), core.rpc.transaction_count(core.address), core.rpc.balance(core.address))?;
    let mut pass = Pass { core, memory, now, head, count, balance, alerts: Vec::new(), market: None };
    let watched = pass.load()?;
    let settled = observe::settle(&mut pass, &watched).await;
    if !pass.memory.reconciled {
        settled?;
        pass.memory.reconciled = true;
    } else if let Err(error) = settled {
        pass.tolerate(error)?;
    }
    gaps::close(&mut pass)?;
    let watched = pass.load()?;
    if let Err(error) = upkeep::keep_open_nonces_moving(&mut pass, &watched).await {
        pass.tolerate(error)?;
    }
    let queued = match admit::admit_queued(&mut pass).await {
        Ok(queued) => queued,
        Err(error) => {
            pass.tolerate(error)?;
            0
        }
    };
    pass.status(queued)
}

async fn check_chain(core: &Core) -> Result<(), JournalError> {
    let expected = core.config.chain_id;
    let found = core.rpc.chain_id().await?;
    if found != expected {
        return Err(JournalError::WrongChain { source_of: "RPC", found, expected });
    }
    let found = core.commit(|tx, _| table::bind_signer(tx, core.address, expected))?;
    if found != expected {
        return Err(JournalError::WrongChain { source_of: "state database", found, expected });
    }
    Ok(())
}

impl Core {
    /// Makes one change durable.
    pub(super) fn commit<T>(
        &self,
        change: impl FnOnce(&Transaction<'_>, u64) -> Result<T, opg_store::StoreError>,
    ) -> Result<T, JournalError> {
        let now = self.clock.now();
        Ok(self.store.write(|tx| change(tx, now))?)
    }
}

impl Pass<'_> {
    /// Every nonce that can still change.
    pub(super) fn load(&self) -> Result<Vec<Watched>, JournalError> {
        let signer = self.core.address;
        Ok(self.core.store.read(|tx| {
            table::watched(tx, signer)?
                .into_iter()
                .map(|slot| {
                    let intent = slot.intent.map(|id| table::record(tx, id)).transpose()?;
                    Ok::<_, opg_store::StoreError>(Watched { slot, intent })
                })
                .collect()
        })?)
    }

    /// Hash of the block at a height on the branch of this pass's head; `None` above the head.
    pub(super) async fn canonical(&mut self, number: u64) -> Result<Option<B256>, JournalError> {
        self.memory.lineage.ancestor(&*self.core.rpc, &self.head, number).await
    }

    /// What the market asks, asked once per pass.
    pub(super) async fn market(&mut self) -> Result<Market, JournalError> {
        if let Some(market) = self.market {
            return Ok(market);
        }
        let market =
            Market { base_fee: self.head.base_fee, priority_fee: self.core.rpc.priority_fee().await? };
        self.market = Some(market);
        Ok(market)
    }

    /// Notes an error that later passes may not meet, and passes on the others.
    fn tolerate(&mut self, error: JournalError) -> Result<(), JournalError> {
        if !error.is_retryable() {
            return Err(error);
        }
        self.alert(Alert::from(&error));
        Ok(())
    }

    /// Whether an intent must not be sent any more. Contracts judge deadlines by the chain's time, so a clock of ours that is
    /// ahead ends nothing that they would still take; where it is behind, they refuse in the simulation.
    pub(super) fn late(&self, intent: &IntentRecord) -> bool {
        intent.intent.deadline.is_some_and(|deadline| self.now.min(self.head.timestamp) > deadline)
    }

    pub(super) fn alert(&mut self, alert: Alert) {
        if !self.alerts.contains(&alert) {
            self.alerts.push(alert);
        }
    }

    fn status(self, queued: usize) -> Result<Status, JournalError> {
        let watched = self.load()?;
        let in_flight = watched.iter().filter(|one| one.slot.state == SlotState::Open).count();
        self.memory.lineage.prune(self.head.number);
        let open: HashSet<u64> = watched.iter().map(|one| one.slot.nonce).collect();
        self.memory.refusals.retain(|nonce, _| open.contains(nonce));
        self.memory.pooled.retain(|nonce, _| open.contains(nonce));
        Ok(Status {
            at: self.now,
            reconciled: self.memory.reconciled,
            head: self.head.number,
            balance: self.balance,
            next_nonce: self.count,
            in_flight,
            watched: watched.len() - in_flight,
            queued,
            alerts: self.alerts,
        })
    }
}
