//! What a compute unit costs: what the fee market says, and at least what the operator asks.

use std::sync::{PoisonError, RwLock};

use alloy::primitives::Address;

use crate::LedgerError;

/// OPG wei per compute unit, as the chain said last.
#[derive(Debug)]
pub struct UnitPrice {
    /// Where it is asked for; none where the operator's own price is the price.
    market: Option<Address>,
    now: RwLock<u128>,
}

impl UnitPrice {
    /// The price of `market`, which is not asked yet.
    #[must_use]
    pub fn of(market: Option<Address>) -> Self {
        Self { market, now: RwLock::new(0) }
    }

    /// Has `ask` ask the market anew. While that fails, the last price stays.
    ///
    /// # Errors
    /// What `ask` returns.
    pub async fn refresh(
        &self,
        ask: impl AsyncFnOnce(Address) -> Result<u128, LedgerError>,
    ) -> Result<(), LedgerError> {
        let Some(market) = self.market else { return Ok(()) };
        let price = ask(market).await?;
        let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
        if *now != price {
            tracing::info!(price, before = *now, "a compute unit has another price");
            *now = price;
        }
        Ok(())
    }

    /// What an operator asks that wants `least`: the market's price where that is more.
    #[must_use]
    pub fn asked(&self, least: u128) -> u128 {
        (*self.now.read().unwrap_or_else(PoisonError::into_inner)).max(least)
    }
}
