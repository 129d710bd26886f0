//! From a plan to transactions.

use std::sync::atomic::Ordering::Relaxed;

use alloy::{
    primitives::{Address, B256, Bytes, U256},
    sol_types::SolCall as _,
};
use opg_chain::{
    bindings::{IFeeMarket, IFeeRouter, IInferenceHub, IMulticall},
    journal::{self, Intent, IntentRecord, IntentState},
    rpc_trait::Head,
};

use super::{Books, FeesRole, plan::Plan};
use crate::{Quote, ServiceError};

/// Begins the key of every step, which names its lane and the block that it was decided at.
const KEYS: &str = "fees";
/// Seconds for which a step is worth sending. After that it is decided anew.
const DEADLINE: u64 = 3_600;
/// Wei of one ETH.
const ETH: u128 = 1_000_000_000_000_000_000;

/// A call that moves fees, or says something about them.
struct Step {
    /// What it is about: of one lane nothing is tried again for a while after it failed.
    lane: String,
    purpose: String,
    to: Address,
    calldata: Bytes,
    /// OPG wei that it moves; `None` where it is not about money.
    worth: Option<u128>,
}

impl FeesRole {
    /// Whether a step is under way: until it has ended, the chain's word about what there is to move is not the last.
    pub(super) fn is_moving(&self) -> Result<bool, ServiceError> {
        let known = self.parts.store.read(opg_store::fees::versions)?.len();
        let limit = u32::try_from(known).unwrap_or(u32::MAX).saturating_add(8);
        let newest = self.newest(&format!("{KEYS}:"), limit)?;
        Ok(newest
            .iter()
            .any(|step| !matches!(step.state, IntentState::Confirmed { .. } | IntentState::Failed { .. })))
    }

    /// Hands what is planned to the journal.
    pub(super) async fn act(&self, plan: &Plan, head: &Head) -> Result<(), ServiceError> {
        let (operator, router) = (self.config.operator, self.config.router);
        for (version, worth) in &plan.route {
            let call = IInferenceHub::routeFeesCall { operator, modelVersion: *version };
            let step = Step {
                lane: format!("route:{version}"),
                purpose: format!("divide the fees that the hub holds for model version {version}"),
                to: self.config.hub,
                calldata: call.abi_encode().into(),
                worth: Some(*worth),
            };
            self.submit(step, head).await?;
        }
        let mut steps: Vec<_> =
            plan.sweep.iter().map(|(version, worth)| self.sweep(*version, *worth)).collect();
        // Last: so it takes what the others bring, too.
        steps.extend(plan.collect.map(|worth| Step {
            lane: "collect".to_owned(),
            purpose: format!("pay operator {operator} the fees that it is owed"),
            to: router,
            calldata: IFeeRouter::collectCall { account: operator, to: operator }.abi_encode().into(),
            worth: Some(worth),
        }));
        if steps.len() > 1 && self.submit(together(router, &steps), head).await? {
            return Ok(());
        }
        // One that the chain refuses must not keep the others.
        for step in steps {
            self.submit(step, head).await?;
        }
        Ok(())
    }

    /// Declares what the operator can serve, where the keeper's key is its own and the market does not know it.
    pub(super) async fn declare(&self, books: &Books, head: &Head) -> Result<(), ServiceError> {
        let (Some(market), Some(capacity)) = (self.config.market, self.config.capacity) else {
            return Ok(());
        };
        let wanted = capacity.min(books.most_capacity);
        // An operator that is not active has no capacity to declare.
        if self.config.signer != self.config.operator || books.most_capacity == 0 || wanted == books.capacity
        {
            return Ok(());
        }
        let call = IFeeMarket::declareCapacityCall { capacity: U256::from(wanted) };
        let step = Step {
            lane: "capacity".to_owned(),
            purpose: format!("declare a capacity of {wanted} compute units per second"),
            to: market,
            calldata: call.abi_encode().into(),
            worth: None,
        };
        self.submit(step, head).await.map(drop)
    }

    fn sweep(&self, version: B256, worth: u128) -> Step {
        let call = IFeeRouter::sweepCall { operator: self.config.operator, version };
        Step {
            lane: format!("sweep:{version}"),
            purpose: format!("divide the fees in the vault of model version {version}"),
            to: self.config.router,
            calldata: call.abi_encode().into(),
            worth: Some(worth),
        }
    }

    /// Hands a step to the journal, unless it failed a moment ago, would revert now, or costs too much. True if it is there.
    async fn submit(&self, step: Step, head: &Head) -> Result<bool, ServiceError> {
        let (parts, config, now) = (&self.parts, &self.config, self.now());
        let last = self.newest(&format!("{KEYS}:{}:", step.lane), 1)?.pop();
        if last.is_some_and(|last| failed(&last) && last.updated_at.saturating_add(config.retry) > now) {
            return Ok(false);
        }
        let (gas, l1_fee) = match parts.ledger.quote(step.to, &step.calldata).await? {
            Quote::Gas { gas, l1_fee } => (gas, l1_fee),
            Quote::Reverts(reason) => {
                self.metrics.refused.fetch_add(1, Relaxed);
                tracing::warn!(purpose = step.purpose, reason, "the chain would not take a step of fees");
                return Ok(false);
            }
        };
        let cost = U256::from(gas).saturating_mul(U256::from(head.base_fee)).saturating_add(l1_fee);
        let most = step.worth.and_then(|worth| self.most_cost(worth));
        if most.is_some_and(|most| cost > most) {
            self.metrics.dear.fetch_add(1, Relaxed);
            tracing::debug!(purpose = step.purpose, %cost, ?most, "gas is too dear for what the step brings");
            return Ok(false);
        }
        let intent = Intent {
            key: format!("{KEYS}:{}:{}", step.lane, head.number),
            purpose: step.purpose,
            to: step.to,
            calldata: step.calldata,
            value: U256::ZERO,
            deadline: Some(now.saturating_add(DEADLINE)),
            max_cost: most,
        };
        let id = parts.store.write(|tx| journal::enqueue(tx, config.signer, &intent, now))?;
        self.metrics.steps.fetch_add(1, Relaxed);
        tracing::info!(intent = %id, purpose = intent.purpose, "enqueued");
        if let Some(journal) = &parts.journal {
            journal.wake();
        }
        Ok(true)
    }

    /// Most wei of ETH that moving `worth` wei of OPG may cost, where it is known what one is worth in the other.
    fn most_cost(&self, worth: u128) -> Option<U256> {
        let rate = self.config.opg_per_eth?.max(1);
        let share = U256::from(worth) / U256::from(self.config.gas_factor.max(1));
        Some(share.saturating_mul(U256::from(ETH)) / U256::from(rate))
    }

    fn newest(&self, prefix: &str, limit: u32) -> Result<Vec<IntentRecord>, ServiceError> {
        let signer = self.config.signer;
        Ok(self.parts.store.read(|tx| journal::newest(tx, signer, prefix, limit))?)
    }
}

/// Several calls of the fee router as one, all or none of which happen.
fn together(router: Address, steps: &[Step]) -> Step {
    let data = steps.iter().map(|step| step.calldata.clone()).collect();
    Step {
        lane: "divide".to_owned(),
        purpose: format!("divide and pay out fees, {} steps at once", steps.len()),
        to: router,
        calldata: IMulticall::multicallCall { data }.abi_encode().into(),
        worth: Some(steps.iter().filter_map(|step| step.worth).sum()),
    }
}

fn failed(last: &IntentRecord) -> bool {
    matches!(last.state, IntentState::Failed { .. } | IntentState::Confirmed { success: false, .. })
}
