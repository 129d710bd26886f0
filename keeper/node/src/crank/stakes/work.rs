//! What is to be done at one head of the chain.
//!
//! Nothing here relies on what was sent before: what the chain says decides. Several keepers take their turns in each
//! period; one that comes second finds nothing left to do.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError, atomic::Ordering},
};

use alloy::{
    primitives::{Address, B256, Bytes, U256, keccak256},
    sol_types::{SolCall as _, SolValue as _},
};
use opg_chain::{
    bindings::{IMulticall, IStaking, Slash},
    journal::{self, Intent},
    rpc_trait::Head,
};
use opg_store::{
    StoreError,
    staking::{self, SlashRow},
};

use super::{StakesRole, Surplus};
use crate::{
    Quote, ServiceError,
    crank::{Period, batch::max_cost},
};

/// Members looked at in one pass.
const PAGE: u32 = 50;
/// Seconds of the keeper's time for which a transaction is worth sending, at least.
const SHORTEST_DEADLINE: u64 = 600;

/// For each operator with a decided slash: the last member looked at, and whether anything was found since the first.
#[derive(Debug, Default)]
pub(super) struct Looks(Mutex<HashMap<Address, Look>>);

#[derive(Debug, Default, Clone, Copy)]
struct Look {
    after: Option<Address>,
    found: bool,
    /// Time of the chain before which the next round does not begin.
    rests_until: u64,
}

/// A pass at one head.
pub(super) struct Work<'a> {
    pub(super) role: &'a StakesRole,
    pub(super) head: Head,
}

impl Work<'_> {
    /// Does what there is to do. True if more can be done at once.
    pub(super) async fn all(&self) -> Result<bool, ServiceError> {
        let rows = self.role.parts.store.read(staking::slashes)?;
        let mut more = false;
        // A slash that is due is not put off until the next period: its keepers draw their moments.
        let turn = self.period().turn(self.role.config.operator, &self.role.parts.ledger.operators().await?);
        let is_turn = self.head.timestamp >= turn;
        for row in &rows {
            more |= match row.decided {
                true if is_turn => self.look_at_members(row).await?,
                true => false,
                false => self.decide(row).await?,
            };
        }
        if is_turn {
            self.burn().await?;
            self.rewards().await?;
        }
        Ok(more)
    }

    pub(super) fn period(&self) -> Period {
        Period::at(self.head.timestamp, self.role.config.interval)
    }

    /// Executes a slash that is due, and notes one that is decided.
    async fn decide(&self, row: &SlashRow) -> Result<bool, ServiceError> {
        let store = &self.role.parts.store;
        let Some(at) = self.role.parts.ledger.executable_at(row.id).await? else {
            return Ok(self.note_gone(row)?);
        };
        if row.gone_at.is_some() {
            store.write(|tx| staking::set_gone(tx, row.id, None))?;
        }
        let config = &self.role.config;
        // Each keeper has a delay of its own, another one for each slash.
        let spread = (config.interval / 4).max(1);
        let delay = draw(config.signer, row.id) % spread;
        if self.head.timestamp < at.saturating_add(delay) {
            return Ok(false);
        }
        let slash = Slash::abi_decode(&row.slash)
            .map_err(|error| ServiceError::Fatal(format!("a stored slash does not decode: {error}")))?;
        let call = IStaking::executeSlashCall { slash_: slash }.abi_encode().into();
        let key = format!("slash:{}:{}", row.id, self.period().start);
        let purpose = format!("execute the slash of {}", row.operator);
        if self.submit(config.staking, key, purpose, call).await? {
            self.role.metrics.executions.fetch_add(1, Ordering::Relaxed);
        }
        Ok(false)
    }

    /// The chain knows the slash no longer. True once that cannot change any more and delegators are to be looked at.
    fn note_gone(&self, row: &SlashRow) -> Result<bool, StoreError> {
        let (store, head) = (&self.role.parts.store, self.head.number);
        match row.gone_at {
            None => store.write(|tx| staking::set_gone(tx, row.id, Some(head))).map(|()| false),
            Some(gone) if head < gone.saturating_add(self.role.config.finality) => Ok(false),
            Some(_) if row.pool => store.write(|tx| staking::set_decided(tx, row.id)).map(|()| true),
            Some(_) => store.write(|tx| staking::close_slash(tx, row.id)).map(|()| false),
        }
    }

    /// Looks at the next members of a slashed pool, and ends the votes of what it took from them. The slash is forgotten
    /// after a round in which nothing was left. True if there are members to look at.
    async fn look_at_members(&self, row: &SlashRow) -> Result<bool, ServiceError> {
        let (parts, config) = (&self.role.parts, &self.role.config);
        let look = self.role.looks.of(row.operator);
        if self.head.timestamp < look.rests_until {
            return Ok(false);
        }
        let page = parts.store.read(|tx| staking::members(tx, row.operator, look.after, PAGE))?;
        let mut due = Vec::new();
        for account in &page {
            let surplus = parts.ledger.surplus(row.operator, *account).await?;
            if surplus.amount >= U256::from(config.min_amount) {
                due.push((*account, surplus));
            }
        }
        for batch in due.chunks(config.batch.max(1)) {
            self.sync(row.operator, batch).await?;
        }
        let look = Look { found: look.found || !due.is_empty(), ..look };
        match page.last() {
            Some(last) => self.role.looks.set(row.operator, Look { after: Some(*last), ..look }),
            None if look.found => {
                let next = Look { rests_until: self.period().end, ..Look::default() };
                self.role.looks.set(row.operator, next);
            }
            None => {
                self.role.looks.set(row.operator, Look::default());
                parts.store.write(|tx| staking::close_slash(tx, row.id))?;
            }
        }
        Ok(!page.is_empty())
    }

    async fn sync(&self, operator: Address, batch: &[(Address, Surplus)]) -> Result<(), ServiceError> {
        let calls = batch.iter().map(|(account, surplus)| {
            let ids = surplus.unbonds.iter().copied().map(U256::from).collect();
            Bytes::from(IStaking::syncCall { operator, account: *account, ids }.abi_encode())
        });
        let data: Bytes = IMulticall::multicallCall { data: calls.collect() }.abi_encode().into();
        let key = format!("sync:{}:{}", keccak256(&data), self.period().start);
        let purpose = format!("end the votes of what slashes took from {} accounts", batch.len());
        if self.submit(self.role.config.staking, key, purpose, data).await? {
            self.role.metrics.syncs.fetch_add(batch.len() as u64, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Destroys what slashes took, once in a period.
    async fn burn(&self) -> Result<(), ServiceError> {
        let config = &self.role.config;
        if self.role.parts.ledger.ownerless().await? < U256::from(config.min_amount.max(1)) {
            return Ok(());
        }
        let key = format!("burn:{}:{}", config.staking, self.period().start);
        let call = IStaking::burnOwnerlessCall {}.abi_encode().into();
        if self.submit(config.staking, key, "burn what slashes took".to_owned(), call).await? {
            self.role.metrics.burns.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Hands a call to the journal, unless it is there already or would revert now. True if it is new.
    pub(super) async fn submit(
        &self,
        to: Address,
        key: String,
        purpose: String,
        calldata: Bytes,
    ) -> Result<bool, ServiceError> {
        let (parts, config) = (&self.role.parts, &self.role.config);
        if parts.store.read(|tx| journal::find(tx, config.signer, &key))?.is_some() {
            return Ok(false);
        }
        let (gas, l1_fee) = match parts.ledger.quote(to, &calldata).await? {
            Quote::Gas { gas, l1_fee } => (gas, l1_fee),
            Quote::Reverts(reason) => {
                self.role.metrics.refused.fetch_add(1, Ordering::Relaxed);
                tracing::debug!(purpose, reason, "another keeper was faster, or the contract refuses");
                return Ok(false);
            }
        };
        let now = parts.clock.now_ms() / 1_000;
        let intent = Intent {
            key,
            purpose,
            to,
            calldata,
            value: U256::ZERO,
            deadline: Some(now.saturating_add(config.interval.max(SHORTEST_DEADLINE))),
            max_cost: Some(max_cost(gas, config.max_gas_price, l1_fee)),
        };
        let id = parts.store.write(|tx| journal::enqueue(tx, config.signer, &intent, now))?;
        tracing::info!(intent = %id, purpose = intent.purpose, "enqueued");
        if let Some(journal) = &parts.journal {
            journal.wake();
        }
        Ok(true)
    }
}

impl Looks {
    fn of(&self, operator: Address) -> Look {
        self.lock().get(&operator).copied().unwrap_or_default()
    }

    fn set(&self, operator: Address, look: Look) {
        self.lock().insert(operator, look);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Address, Look>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A number that differs between signers and slashes.
fn draw(signer: Address, slash: B256) -> u64 {
    let hash = keccak256([signer.as_slice(), slash.as_slice()].concat());
    hash.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}
