//! A keeper with the crank role, and the steps of a journal that never loses an intent.

use std::sync::Arc;

use alloy::primitives::Address;
use opg_node::{
    Service, ServiceError,
    crank::{CrankConfig, CrankError, CrankParts, CrankRole},
};
use opg_store::{
    Store, StoreError,
    vesting::{self, ScheduleRow},
};
use tokio_util::sync::CancellationToken;

use super::vault::{FakeVault, OPG, Sent, VAULT};

pub(crate) const FINALITY: u64 = 4;

pub(crate) struct Keeper {
    number: usize,
    pub(crate) vault: Arc<FakeVault>,
    pub(crate) store: Store,
    pub(crate) config: CrankConfig,
    role: Option<CrankRole>,
}

impl Keeper {
    pub(crate) fn new(number: usize, vault: &Arc<FakeVault>, interval: u64) -> Self {
        let account = Address::repeat_byte(0x10 + number as u8);
        let mut config = CrankConfig::new(31337, VAULT, account, account);
        config.interval = interval;
        config.min_amount = OPG;
        config.max_gas_price = 100;
        config.batch_gas = 300_000;
        config.finality = FINALITY;
        Self { number, vault: Arc::clone(vault), store: Store::in_memory().unwrap(), config, role: None }
    }

    fn parts(&self) -> CrankParts {
        CrankParts {
            store: self.store.clone(),
            ledger: self.vault.clone(),
            genesis: self.vault.genesis.clone(),
            clock: self.vault.clone(),
            journal: None,
        }
    }

    /// Starts the role, which forgets whatever it held in memory.
    pub(crate) async fn start(&mut self) -> Result<(), CrankError> {
        self.role = None;
        let opened = CrankRole::open(self.config.clone(), self.parts(), &CancellationToken::new()).await?;
        self.role = Some(opened);
        Ok(())
    }

    pub(crate) fn role(&self) -> &CrankRole {
        self.role.as_ref().unwrap()
    }

    /// One pass of each service; errors of the chain are what passes are repeated for.
    pub(crate) async fn pass(&self) {
        let services = self.role().services();
        for service in [&services.settle as &dyn Service, &services.release] {
            match service.pass().await {
                Ok(_) | Err(ServiceError::Recoverable(_)) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }

    pub(crate) fn rows(&self) -> Vec<ScheduleRow> {
        self.store.read(|tx| vesting::page(tx, None, u32::MAX)).unwrap()
    }

    /// Number of intents there ever were.
    pub(crate) fn intents(&self) -> usize {
        self.journal_rows().len()
    }

    fn journal_rows(&self) -> Vec<(i64, String, Vec<u8>, u64, bool)> {
        self.store
            .read(|tx| {
                let mut statement = tx.prepare(
                    "SELECT id, state, calldata, deadline, closed_at IS NOT NULL FROM journal_intents ORDER BY id",
                )?;
                let rows = statement.query_map([], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get::<_, i64>(3)? as u64, row.get(4)?))
                })?;
                Ok::<_, StoreError>(rows.collect::<Result<_, _>>()?)
            })
            .unwrap()
    }

    fn set(&self, id: i64, change: &str) {
        let sql = format!("UPDATE journal_intents SET {change} WHERE id = ?");
        self.store.write(|tx| Ok::<_, StoreError>(tx.execute(&sql, [id])?)).unwrap();
    }

    /// What the journal does in a pass: simulates and sends what is queued, sends again what was lost, follows what is
    /// mined and closes it when it is final. `lost` percent of what is sent never arrives.
    pub(crate) async fn journal(&self, lost: u64) {
        use opg_node::{Quote, crank::VestingLedger as _};

        for (id, state, calldata, deadline, closed) in self.journal_rows() {
            if closed {
                continue;
            }
            let sent = Sent { keeper: self.number, intent: id, calldata: calldata.into() };
            if state == "queued" {
                let now = self.vault.chain().time();
                let quote = self.vault.quote(&sent.calldata).await;
                if now > deadline || matches!(quote, Ok(Quote::Reverts(_))) {
                    self.set(id, "state = 'failed', reason = 'it would revert or is late', closed_at = 1");
                } else if quote.is_ok() {
                    self.set(id, "state = 'broadcast', nonce = id");
                    self.send(sent, lost);
                }
                continue;
            }
            let chain = self.vault.chain();
            let head = chain.head().number;
            let found = chain.find(self.number, id).map(|(block, mined)| (block, mined.paid > 0));
            let pooled = chain.pool.contains(&sent);
            drop(chain);
            match found {
                Some((block, success)) => {
                    let closed = if head >= block + FINALITY { ", closed_at = 1" } else { "" };
                    let mined =
                        format!("tx_hash = zeroblob(32), block = {block}, success = {success}{closed}");
                    self.set(id, &format!("state = 'confirmed', {mined}"));
                }
                None => {
                    self.set(id, "state = 'broadcast', tx_hash = NULL, block = NULL, success = NULL");
                    if !pooled {
                        self.send(sent, lost);
                    }
                }
            }
        }
    }

    fn send(&self, sent: Sent, lost: u64) {
        let mut chain = self.vault.chain();
        if !chain.dice.percent(lost) {
            chain.pool.push(sent);
        }
    }
}
