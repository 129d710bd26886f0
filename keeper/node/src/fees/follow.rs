//! From the chain's events into the sums.

use std::collections::HashMap;

use alloy::primitives::{Address, B256, U256};
use opg_chain::events::{ChainEvent, Cursor, FeeParts, LoggedEvent, Segment};
use opg_store::{
    StoreError, cursors,
    fees::{self, Kind},
};
use rusqlite::Transaction;

use super::FeesRole;
use crate::ServiceError;

impl FeesRole {
    /// Takes one step along the chain. False at its end.
    pub(super) async fn follow(&self) -> Result<bool, ServiceError> {
        let store = &self.parts.store;
        let blocks = store.read(|tx| cursors::load(tx, &self.cursor()))?;
        let Some(segment) = self.parts.ledger.poll(&Cursor::from_blocks(blocks)).await? else {
            return Ok(false);
        };
        store.write(|tx| self.apply(tx, &segment))?;
        Ok(segment.behind() > 0)
    }

    /// The block up to which the sums go: number and hash.
    pub(super) fn followed_to(&self) -> Result<Option<(u64, B256)>, StoreError> {
        let blocks = self.parts.store.read(|tx| cursors::load(tx, &self.cursor()))?;
        Ok(Cursor::from_blocks(blocks).tip())
    }

    /// Each operator has books of its own, should one database serve several in turn.
    fn cursor(&self) -> String {
        format!("fees:{}", self.config.operator)
    }

    fn apply(&self, tx: &Transaction<'_>, segment: &Segment) -> Result<(), StoreError> {
        let operator = self.config.operator;
        if let Some(ancestor) = segment.rollback_to {
            fees::roll_back(tx, operator, ancestor)?;
        }
        // The hub credits the fee of an answer first, then what the payer gets back, and then says whose answer it was.
        let mut credits: HashMap<B256, (Address, U256)> = HashMap::new();
        for logged in &segment.events {
            match &logged.event {
                ChainEvent::Credited { account, request_id, amount } => {
                    credits.entry(*request_id).or_insert((*account, *amount));
                }
                ChainEvent::InferenceFulfilled { request_id, operator: by, fulfilment }
                    if *by == operator =>
                {
                    let credit = credits.remove(request_id);
                    let fee = U256::from(fulfilment.fee);
                    if let Some((vault, wei)) = credit.filter(|(_, wei)| *wei == fee) {
                        self.add(tx, logged, (vault, Kind::Credited), wei)?;
                    }
                }
                ChainEvent::FeesRouted { operator: of, version, model_owner, parts } => {
                    if *of == operator {
                        self.divided(tx, logged, *version, parts)?;
                    }
                    if *model_owner == operator {
                        self.add(tx, logged, (operator, Kind::Income), parts.model_owner)?;
                    }
                }
                ChainEvent::FeesCollected { account, amount, .. } if *account == operator => {
                    self.add(tx, logged, (operator, Kind::Collected), *amount)?;
                }
                _ => {}
            }
        }
        let tip = segment.cursor.tip().map_or(0, |(number, _)| number);
        fees::compact(tx, operator, tip.saturating_sub(self.config.finality))?;
        cursors::save(tx, &self.cursor(), segment.cursor.blocks())
    }

    /// Fees of ours were divided.
    fn divided(
        &self,
        tx: &Transaction<'_>,
        logged: &LoggedEvent,
        version: B256,
        parts: &FeeParts,
    ) -> Result<(), StoreError> {
        let operator = self.config.operator;
        let vault = self.parts.ledger.vault(operator, version);
        fees::add_version(tx, version)?;
        self.add(tx, logged, (vault, Kind::Operator), parts.operator)?;
        self.add(tx, logged, (vault, Kind::ModelOwner), parts.model_owner)?;
        self.add(tx, logged, (vault, Kind::Verification), parts.verification)?;
        self.add(tx, logged, (vault, Kind::Burned), parts.burned)?;
        self.add(tx, logged, (operator, Kind::Income), parts.operator)
    }

    fn add(
        &self,
        tx: &Transaction<'_>,
        logged: &LoggedEvent,
        what: (Address, Kind),
        wei: U256,
    ) -> Result<(), StoreError> {
        // No sum of OPG exceeds its supply.
        fees::add(tx, self.config.operator, what, logged.block, wei.saturating_to())
    }
}
