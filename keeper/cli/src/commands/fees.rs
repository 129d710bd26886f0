//! What the operator's work brought in and where it is, for `opg status`.

use alloy::primitives::{Address, B256, U256};
use opg_chain::ledger::{Contracts, LedgerError, UnsettledFees, WaitingFees};
use serde_json::{Value, json};

use crate::{config::Model, staking::refusal::opg};

/// Fees of an operator as the chain has them.
#[derive(Debug)]
pub(super) struct Fees {
    /// Paid and not divided yet, for each model that is served.
    waiting: Vec<(String, B256, WaitingFees)>,
    /// Divided and not collected, OPG wei.
    owed: U256,
    unsettled: UnsettledFees,
    /// OPG wei per compute unit; `None` where the deployment has no market.
    price: Option<U256>,
}

impl Fees {
    /// Reads the chain; `None` where the deployment has no fee router.
    pub(super) async fn read(
        contracts: &Contracts,
        operator: Address,
        models: &[Model],
    ) -> Result<Option<Self>, LedgerError> {
        let book = contracts.addresses();
        if book.fee_router.is_none() {
            return Ok(None);
        }
        let mut waiting = Vec::new();
        for model in models {
            let fees = contracts.waiting_fees(operator, model.version).await?;
            waiting.push((model.name.clone(), model.version, fees));
        }
        let price = match book.fee_market {
            Some(_) => Some(contracts.unit_price().await?),
            None => None,
        };
        let owed = contracts.owed_fees(operator).await?;
        let unsettled = contracts.unsettled_fees(operator).await?;
        Ok(Some(Self { waiting, owed, unsettled, price }))
    }

    fn sum(&self, of: fn(&WaitingFees) -> U256) -> U256 {
        self.waiting.iter().map(|(.., fees)| of(fees)).sum()
    }

    /// For scripts.
    pub(super) fn document(&self) -> Value {
        let waiting: Vec<_> = self
            .waiting
            .iter()
            .map(|(name, version, fees)| {
                let (hub, vault) = (fees.hub.to_string(), fees.vault.to_string());
                json!({ "model": name, "version": version, "hubWei": hub, "vaultWei": vault })
            })
            .collect();
        json!({
            "waiting": waiting,
            "waitingWei": self.sum(WaitingFees::sum).to_string(),
            "owedWei": self.owed.to_string(),
            "unsettledWei": self.unsettled.unsettled.to_string(),
            "mostUnsettledWei": self.unsettled.most.to_string(),
            "unitPriceWei": self.price.map(|price| price.to_string()),
        })
    }

    /// For people.
    pub(super) fn rows(&self) -> Vec<(&'static str, String)> {
        let (hub, vault) = (self.sum(|fees| fees.hub), self.sum(|fees| fees.vault));
        let UnsettledFees { unsettled, most } = self.unsettled;
        let mut rows = vec![(
            "fees",
            format!(
                "{} at the hub and {} in vaults wait to be divided, {} to collect",
                opg(hub),
                opg(vault),
                opg(self.owed)
            ),
        )];
        rows.push(("unsettled", format!("{} of at most {}", opg(unsettled), opg(most))));
        rows.extend(self.price.map(|price| ("unit price", opg(price))));
        rows
    }
}
