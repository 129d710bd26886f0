//! What the operator's work brought in and where it is.

pub(super) mod books;
mod desk;

use alloy::primitives::{Address, B256, U256};
use opg_chain::ledger::{Contracts, LedgerError, UnsettledFees, WaitingFees};
use serde_json::{Value, json};

pub(super) use self::desk::run;
use self::{books::Compared, desk::versions};
use crate::{
    config::Config,
    error::CliResult,
    staking::{read_fault, refusal::opg},
};

/// Fees of an operator as the chain has them.
#[derive(Debug)]
pub(super) struct Fees {
    /// Paid and not divided yet, for each model version that is or was served, with its name where it has one here.
    waiting: Vec<(Option<String>, B256, WaitingFees)>,
    /// Divided and not collected, OPG wei.
    owed: U256,
    unsettled: UnsettledFees,
    /// OPG wei per compute unit; `None` where the deployment has no market.
    price: Option<U256>,
    /// Compute units per second that the operator declared, and the most that it may; `None` without a market.
    capacity: Option<(U256, U256)>,
    /// The keeper's books, as it compared them with the chain last.
    books: Option<Compared>,
}

impl Fees {
    /// Reads the chain; `None` where the deployment has no fee router.
    pub(super) async fn read(
        contracts: &Contracts,
        operator: Address,
        config: &Config,
    ) -> CliResult<Option<Self>> {
        if contracts.addresses().fee_router.is_none() {
            return Ok(None);
        }
        let (versions, books) = (versions(config)?, books::read(config, operator)?);
        let read = async {
            let mut waiting = Vec::new();
            for version in versions {
                let model = config.models.iter().find(|model| model.version == version);
                let fees = contracts.waiting_fees(operator, version).await?;
                waiting.push((model.map(|model| model.name.clone()), version, fees));
            }
            let (price, capacity) = match contracts.addresses().fee_market {
                Some(_) => (Some(contracts.unit_price().await?), Some(contracts.capacity(operator).await?)),
                None => (None, None),
            };
            let owed = contracts.owed_fees(operator).await?;
            let unsettled = contracts.unsettled_fees(operator).await?;
            Ok::<_, LedgerError>(Self { waiting, owed, unsettled, price, capacity, books })
        };
        read.await.map(Some).map_err(read_fault)
    }

    /// The capacity that the operator declared; `None` where there is no market.
    pub(super) fn capacity(&self) -> Option<U256> {
        self.capacity.map(|(declared, _)| declared)
    }

    /// The books, where they were compared with the chain.
    pub(super) fn books(&self) -> Option<&Compared> {
        self.books.as_ref()
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
            "roomWei": self.unsettled.room().to_string(),
            "unitPriceWei": self.price.map(|price| price.to_string()),
            "capacity": self.capacity.map(|(declared, _)| declared.to_string()),
            "mostCapacity": self.capacity.map(|(_, most)| most.to_string()),
            "books": self.books.as_ref().map(Compared::document),
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
        if let Some(books) = &self.books {
            rows.push(("books", books.line()));
            rows.push(("divided", books.parts()));
        }
        let room = match self.unsettled.room() {
            room if room.is_zero() => {
                "AT THE CAP: what waits can be divided when older fees are settled".to_owned()
            }
            room => format!("{} more may be divided now", opg(room)),
        };
        rows.push(("unsettled", format!("{} of at most {}, {room}", opg(unsettled), opg(most))));
        rows.extend(self.price.map(|price| ("unit price", opg(price))));
        rows.extend(self.capacity.map(|(declared, most)| {
            let declared = match declared {
                none if none.is_zero() => "none declared".to_owned(),
                units => format!("{units} units per second declared"),
            };
            ("capacity", format!("{declared}, at most {most}"))
        }));
        rows
    }
}
