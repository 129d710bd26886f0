//! What payment channels brought, for `opg status` and `opg doctor`.

use alloy::primitives::U256;
use opg_chain::{
    channels::{SETTLEMENT, received},
    rpc::Rpc,
};
use opg_store::channels::{self, Ledger};
use serde_json::{Value, json};

use crate::{
    config::{Config, gateway::PaymentMode, units::decimal},
    context,
    error::CliResult,
    staking::read_fault,
    text::duration,
};

/// The keeper's books, and the chain's beside them.
pub(super) struct Books {
    ledger: Ledger,
    /// What the chain says was claimed for the receivers of these channels, and what was paid out to them.
    claimed: u128,
    settled: u128,
    /// Of what was claimed, what came from channels that are not in the database.
    unknown: u128,
}

/// Reads both; `None` where no channel is known.
pub(super) async fn read(config: &Config, rpc: &Rpc) -> CliResult<Option<Books>> {
    if !config.database.exists() {
        return Ok(None);
    }
    let (ledger, receivers) = context::store(config)?
        .read(|tx| Ok::<_, opg_store::StoreError>((channels::ledger(tx)?, channels::receivers(tx)?)))
        .map_err(context::state)?;
    if ledger.channels == 0 {
        return Ok(None);
    }
    let mut books = Books { ledger, claimed: 0, settled: 0, unknown: 0 };
    for ((receiver, token), known) in receivers {
        let (claimed, settled) = received(rpc, receiver, token).await.map_err(read_fault)?;
        books.claimed = books.claimed.saturating_add(claimed);
        books.settled = books.settled.saturating_add(settled);
        books.unknown = books.unknown.saturating_add(claimed.saturating_sub(known));
    }
    Ok(Some(books))
}

impl Books {
    /// For programs: wei as strings. `earned = claimed + pending + atRisk`.
    pub(super) fn document(&self) -> Value {
        let Ledger { channels, earned, claimed, pending, at_risk, deposited, withdrawing, oldest } =
            self.ledger;
        json!({
            "known": channels,
            "earnedWei": earned.to_string(),
            "claimedWei": claimed.to_string(),
            "pendingWei": pending.to_string(),
            "atRiskWei": at_risk.to_string(),
            "depositedWei": deposited.to_string(),
            "withdrawing": withdrawing,
            "oldestUnclaimedAt": oldest,
            "onChain": {
                "claimedWei": self.claimed.to_string(),
                "settledWei": self.settled.to_string(),
                "ofUnknownChannelsWei": self.unknown.to_string(),
            },
        })
    }

    /// For people, at time `now`.
    pub(super) fn line(&self, now: u64) -> String {
        let opg = |wei: u128| decimal(U256::from(wei), 18);
        let ledger = &self.ledger;
        let mut parts = vec![
            format!("{} OPG earned in {} channels", opg(ledger.earned), ledger.channels),
            format!("{} claimed", opg(ledger.claimed)),
            format!("{} to claim", opg(ledger.pending)),
        ];
        if let Some(since) = ledger.oldest {
            parts.push(format!("the oldest for {}", duration(now.saturating_sub(since))));
        }
        if ledger.at_risk > 0 {
            parts.push(format!("{} AT RISK", opg(ledger.at_risk)));
        }
        if ledger.withdrawing > 0 {
            parts.push(format!("{} payers withdraw", ledger.withdrawing));
        }
        if self.unknown > 0 {
            parts.push(format!("{} claimed from channels that are not in the database", opg(self.unknown)));
        }
        parts.join(", ")
    }

    /// What nobody may ever pay.
    pub(super) fn at_risk(&self) -> u128 {
        self.ledger.at_risk
    }
}

/// Whether vouchers are to be taken.
pub(super) fn wanted(config: &Config) -> bool {
    config.gateway.enabled && config.channels.enabled && config.gateway.payments == PaymentMode::X402
}

/// Whether the chain has the contract of channels.
pub(super) async fn has_contract(rpc: &Rpc) -> CliResult<bool> {
    Ok(!rpc.code(SETTLEMENT).await.map_err(read_fault)?.is_empty())
}
