//! What a compute unit costs here: what the fee market says, and at least what the operator asks.

use std::sync::{PoisonError, RwLock};

use alloy::primitives::Address;
use opg_node::LedgerError;

use crate::{GatewayConfig, GatewayLedger};

/// OPG wei per compute unit, as the chain said last.
#[derive(Debug)]
pub(crate) struct UnitPrice {
    /// Where it is asked for; none where the operator's own price is the price.
    market: Option<Address>,
    least: u128,
    now: RwLock<u128>,
}

impl UnitPrice {
    /// Asks for it. Until it is known nothing can be sold.
    pub(crate) async fn open(
        config: &GatewayConfig,
        ledger: &dyn GatewayLedger,
    ) -> Result<Self, LedgerError> {
        let (market, least) = (config.fee_market, config.unit_price);
        let price = Self { market, least, now: RwLock::new(least) };
        price.refresh(ledger).await?;
        Ok(price)
    }

    /// Asks anew. While the chain cannot be asked, the last price stays: it moves slowly, and requests that are paid need the
    /// chain, too.
    pub(crate) async fn refresh(&self, ledger: &dyn GatewayLedger) -> Result<(), LedgerError> {
        let Some(market) = self.market else { return Ok(()) };
        let price = ledger.unit_price(market).await?.max(self.least);
        let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
        if *now != price {
            tracing::info!(price, before = *now, "a compute unit has another price");
            *now = price;
        }
        Ok(())
    }

    /// The price.
    pub(crate) fn now(&self) -> u128 {
        *self.now.read().unwrap_or_else(PoisonError::into_inner)
    }
}
