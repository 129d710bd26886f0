//! From fees that wait at the hub to the operator's balance, through the fee router that divides them.

use alloy::primitives::{B256, U256};
use opg_chain::{
    bindings::{IFeeRouter, IInferenceHub},
    ledger::{Contracts, LedgerError},
};
use serde_json::{Value, json};

use super::fault;
use crate::{
    config::units::decimal,
    devnet::Devnet,
    error::CliResult,
    submit::{Call, Submitter},
};

/// Where the fees went, in OPG wei.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Earnings {
    /// Divided.
    pub(super) routed: U256,
    /// Destroyed.
    burned: U256,
    /// For the verification pool.
    verification: U256,
    /// Collected by the operator, which on the devnet owns the models, too.
    pub(super) collected: U256,
}

impl Earnings {
    /// Has all fees divided and collects the operator's part.
    pub(super) async fn collect(devnet: &Devnet, operator: &Submitter) -> CliResult<Self> {
        let (hub, account) = (devnet.book.inference_hub, operator.account());
        let before = Books::read(devnet).await.map_err(|error| fault("fees", error))?;
        let mut calls = Vec::new();
        for version in versions(devnet) {
            let route = IInferenceHub::routeFeesCall { operator: account, modelVersion: version };
            calls.push(Call::new(format!("route-{version}"), "divide the fees for a model", hub, &route));
        }
        operator.send(&calls).await?;
        let divided = Books::read(devnet).await.map_err(|error| fault("fees", error))?;
        let collect = IFeeRouter::collectCall { account, to: account };
        let router = devnet.book.fee_router.ok_or_else(|| fault("address book", "it has no `feeRouter`"))?;
        operator.send(&[Call::new("collect", "collect the operator's fees", router, &collect)]).await?;
        Ok(Self {
            routed: before.waiting.saturating_sub(divided.waiting),
            burned: divided.burned.saturating_sub(before.burned),
            verification: divided.verification.saturating_sub(before.verification),
            collected: divided.owed,
        })
    }

    /// Refuses a division in which something is missing or left over.
    pub(super) fn check(&self) -> CliResult {
        let parts = self.collected + self.verification + self.burned;
        if self.routed == parts && !self.burned.is_zero() {
            return Ok(());
        }
        Err(fault("fees", format!("{} wei were divided into {parts}: {self:?}", self.routed)))
    }

    /// One line for people.
    pub(super) fn text(&self) -> String {
        let opg = |amount| format!("{} OPG", decimal(amount, 18));
        format!(
            "{} = {} collected by operator and model owner + {} for verification + {} burned",
            opg(self.routed),
            opg(self.collected),
            opg(self.verification),
            opg(self.burned)
        )
    }

    /// For scripts.
    pub(super) fn document(&self) -> Value {
        json!({
            "routedWei": self.routed.to_string(),
            "burnedWei": self.burned.to_string(),
            "verificationWei": self.verification.to_string(),
            "collectedWei": self.collected.to_string(),
        })
    }
}

/// What the contracts say at a moment.
struct Books {
    waiting: U256,
    burned: U256,
    verification: U256,
    owed: U256,
}

impl Books {
    async fn read(devnet: &Devnet) -> Result<Self, LedgerError> {
        let contracts = contracts(devnet).await?;
        let router = contracts.fee_router()?;
        let operator = devnet.population.operator;
        let pool = devnet.rpc.view(router, &IFeeRouter::sharesCall {}).await?.verificationPool;
        let epoch = devnet.rpc.view(router, &IFeeRouter::epochCall {}).await?;
        let mut burned = U256::ZERO;
        // Of all epochs: one may end meanwhile, and a devnet has few.
        for epoch_ in 0..=epoch.saturating_to::<u64>() {
            let call = IFeeRouter::feesOfCall { epoch_: U256::from(epoch_), operator };
            burned += devnet.rpc.view(router, &call).await?.burned;
        }
        Ok(Self {
            waiting: waiting(devnet).await?,
            burned,
            verification: contracts.owed_fees(pool).await?,
            owed: contracts.owed_fees(operator).await?,
        })
    }
}

/// Fees of the operator that are not divided yet.
pub(super) async fn waiting(devnet: &Devnet) -> Result<U256, LedgerError> {
    let contracts = contracts(devnet).await?;
    let mut sum = U256::ZERO;
    for version in versions(devnet) {
        sum += contracts.waiting_fees(devnet.population.operator, version).await?.sum();
    }
    Ok(sum)
}

async fn contracts(devnet: &Devnet) -> Result<Contracts, LedgerError> {
    Contracts::open((*devnet.rpc).clone(), devnet.book.clone()).await
}

fn versions(devnet: &Devnet) -> [B256; 3] {
    let people = &devnet.population;
    [people.chat.version, people.embedding.version, people.digits.version]
}
