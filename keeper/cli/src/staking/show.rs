//! Operators and positions as commands show them.

use alloy::primitives::{Address, U256};
use opg_chain::{
    bindings::{OperatorView, PositionView},
    ledger::{Contracts, LedgerError, OpenUnbond, OperatorStatus, Pools},
};
use serde_json::{Value, json};

use super::refusal::{opg, when};
use crate::{
    amounts::Percent,
    output::{fields, table},
};

/// What an account has at an operator.
#[derive(Debug)]
pub(crate) struct Position {
    operator: Address,
    account: Address,
    pub(crate) view: PositionView,
    pub(crate) unbonds: Vec<OpenUnbond>,
    surplus: U256,
    /// `None` where there is no rewards contract.
    rewards: Option<U256>,
}

impl Position {
    /// Reads it from the chain.
    pub(crate) async fn read(
        contracts: &Contracts,
        operator: Address,
        account: Address,
    ) -> Result<Self, LedgerError> {
        let view = contracts.position(operator, account).await?;
        let unbonds = contracts.unbonds(operator, account, &view).await?;
        let ids: Vec<_> = unbonds.iter().map(|open| open.id).collect();
        let surplus =
            if operator == account { U256::ZERO } else { contracts.surplus(operator, account, &ids).await? };
        let rewards = match contracts.has_rewards().await? {
            true => Some(contracts.claimable(operator, account).await?),
            false => None,
        };
        Ok(Self { operator, account, view, unbonds, surplus, rewards })
    }

    /// For scripts.
    pub(crate) fn document(&self, now: u64) -> Value {
        let unbonds: Vec<_> = self.unbonds.iter().map(|open| unbond(open, now)).collect();
        json!({
            "operator": self.operator,
            "account": self.account,
            "shares": self.view.shares.to_string(),
            "amountWei": self.view.amount.to_string(),
            "surplusWei": self.surplus.to_string(),
            "rewardsWei": self.rewards.map(|rewards| rewards.to_string()),
            "unbonds": unbonds,
        })
    }

    /// For people.
    pub(crate) fn text(&self, now: u64) -> String {
        let mut rows = vec![
            ("operator", self.operator.to_string()),
            ("account", self.account.to_string()),
            ("bonded", format!("{} ({} shares)", opg(self.view.amount), self.view.shares)),
        ];
        if !self.surplus.is_zero() {
            rows.push(("slashed", format!("{}, which votes until it is synced", opg(self.surplus))));
        }
        rows.extend(self.rewards.map(|rewards| ("rewards", format!("{} to claim", opg(rewards)))));
        let mut text = fields(&rows);
        if !self.unbonds.is_empty() {
            let lines: Vec<_> = self.unbonds.iter().map(|open| line(open, now)).collect();
            text.push_str("\n\n");
            text.push_str(&table(&["UNBOND", "WORTH", "MATURES"], &lines));
        }
        text
    }
}

impl Position {
    /// What can be claimed; `None` where there is no rewards contract.
    pub(crate) fn rewards(&self) -> Option<String> {
        self.rewards.map(|rewards| format!("{} to claim", opg(rewards)))
    }

    /// What is unbonding, in one line; `None` if nothing is.
    pub(crate) fn unbonding(&self, now: u64) -> Option<String> {
        let parts: Vec<_> = self.unbonds.iter().map(|open| line(open, now)[1..].join(" ")).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

/// Whether an unbond can be withdrawn at `now`.
pub(crate) fn is_mature(open: &OpenUnbond, now: u64) -> bool {
    open.unbond.maturesAt <= U256::from(now)
}

/// An unbond for scripts.
pub(crate) fn unbond(open: &OpenUnbond, now: u64) -> Value {
    json!({
        "id": open.id,
        "shares": open.unbond.shares.to_string(),
        "amountWei": open.unbond.amount.to_string(),
        "maturesAt": open.unbond.maturesAt.saturating_to::<u64>(),
        "mature": is_mature(open, now),
    })
}

fn line(open: &OpenUnbond, now: u64) -> Vec<String> {
    let at = open.unbond.maturesAt.saturating_to();
    let matures = if is_mature(open, now) { "can be withdrawn".to_owned() } else { when(at, now) };
    vec![open.id.to_string(), opg(open.unbond.amount), matures]
}

/// An operator with its pools.
#[derive(Debug)]
pub(crate) struct Operator {
    pub(crate) address: Address,
    pub(crate) view: OperatorView,
    pub(crate) status: OperatorStatus,
    pub(crate) pools: Pools,
    pub(crate) minimum: U256,
}

impl Operator {
    /// Reads it from the chain.
    pub(crate) async fn read(contracts: &Contracts, address: Address) -> Result<Self, LedgerError> {
        let view = contracts.operator(address).await?;
        let status = OperatorStatus::try_from(view.status)?;
        let pools = contracts.pools(address).await?;
        let minimum = U256::from(contracts.staking_parameters().await?.minSelfStake);
        Ok(Self { address, view, status, pools, minimum })
    }

    /// Own stake that is not unbonding.
    pub(crate) fn own_bonded(&self) -> U256 {
        let own = &self.pools.own;
        own.worth(own.shares.saturating_sub(own.unbondingShares))
    }

    /// For scripts.
    pub(crate) fn document(&self) -> Value {
        let pool = |pool: &opg_chain::bindings::PoolView| {
            json!({
                "assetsWei": pool.assets.to_string(),
                "shares": pool.shares.to_string(),
                "unbondingShares": pool.unbondingShares.to_string(),
                "escrowedWei": pool.escrowed.to_string(),
            })
        };
        json!({
            "operator": self.address,
            "status": self.status,
            "signer": (!self.view.signer.is_zero()).then_some(self.view.signer),
            "stakeWei": self.view.stake.to_string(),
            "ownBondedWei": self.own_bonded().to_string(),
            "minSelfStakeWei": self.minimum.to_string(),
            "own": pool(&self.pools.own),
            "pool": pool(&self.pools.delegated),
            "commissionBps": self.view.commissionBps,
            "nextCommissionBps": self.view.nextCommissionBps,
            "commissionFrom": self.view.commissionFrom,
            "jailedUntil": self.view.jailedUntil,
            "openSlashes": self.view.openSlashes,
        })
    }

    /// Labels and values for people.
    pub(crate) fn rows(&self, now: u64) -> Vec<(&'static str, String)> {
        let mut rows = vec![("status", self.standing(now))];
        if self.status == OperatorStatus::None {
            return rows;
        }
        let delegated = &self.pools.delegated;
        let bonded = delegated.worth(delegated.shares.saturating_sub(delegated.unbondingShares));
        rows.extend([
            ("stake", format!("{} in the order of turns", opg(self.view.stake))),
            (
                "own stake",
                format!("{}, of which {} bonded", opg(self.pools.own.assets), opg(self.own_bonded())),
            ),
            ("pool", format!("{}, of which {} bonded", opg(delegated.assets), opg(bonded))),
            ("commission", self.commission(now)),
            ("key", self.view.signer.to_string()),
        ]);
        if self.view.openSlashes > 0 {
            let escrow = opg(delegated.escrowed);
            rows.push(("open slashes", format!("{}, {escrow} of the pool in escrow", self.view.openSlashes)));
        }
        rows
    }

    /// Its status with what follows from it.
    pub(crate) fn standing(&self, now: u64) -> String {
        let jail = when(self.view.jailedUntil, now);
        match self.status {
            OperatorStatus::Jailed if self.view.jailedUntil > now => format!("jailed until {jail}"),
            OperatorStatus::Jailed => "jailed; `opg operator unjail` returns".to_owned(),
            OperatorStatus::Retired if self.view.jailedUntil > now => {
                format!("retired, and may not register before {jail}")
            }
            status => status.to_string(),
        }
    }

    fn commission(&self, now: u64) -> String {
        let view = &self.view;
        let mut text = Percent(view.commissionBps).to_string();
        if view.commissionFrom > now && view.nextCommissionBps != view.commissionBps {
            let next = Percent(view.nextCommissionBps);
            text.push_str(&format!(", {next} from {}", when(view.commissionFrom, now)));
        }
        text
    }
}
