//! The operator's books: what was earned, where it is, and whether the two agree.

use std::collections::BTreeMap;

use alloy::primitives::{Address, B256};
use opg_chain::{
    channels::ChannelState,
    ledger::{FeeQuestion, FeeState, MarketState, VaultState},
};
use opg_store::{
    StoreError,
    channels::{self, Channel, Seen},
    fees::{self, Kind, Payments, Settling},
};
use rusqlite::Transaction;
use serde::{Deserialize, Serialize};

/// All fees of an operator as of one block, in OPG wei.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Books {
    /// Height of the block.
    pub block: u64,
    /// For each model version that was ever served.
    pub versions: Vec<VersionBooks>,
    /// What is the operator's own.
    pub account: AccountBooks,
    /// Divided for work that can still be shown to be wrong.
    pub unsettled: u128,
    /// Most of them that the operator may have.
    pub most_unsettled: u128,
    /// OPG wei per compute unit; `None` where the deployment has no fee market.
    pub unit_price: Option<u128>,
    /// Compute units per second that the operator declared.
    pub capacity: u128,
    /// Most that its own stake lets it declare.
    pub most_capacity: u128,
}

/// Fees for one model version: `earned + earlier + difference = divided + pending + at_risk`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionBooks {
    /// The version.
    pub version: B256,
    /// Where its fees arrive.
    pub vault: Address,
    /// Earned: flat payments over HTTP that the chain took or is about to.
    pub flat: u128,
    /// Earned: charged to vouchers.
    pub vouchers: u128,
    /// Earned: answers to requests on the chain.
    pub requests: u128,
    /// Claimed by vouchers for fees that were charged before this database began.
    pub earlier: u128,
    /// Flat payments that the chain did not take; nothing was shown for them.
    pub refused: u128,
    /// Flat payments on their way.
    pub settling: u128,
    /// Charged to vouchers: a claim brings it.
    pub claimable: u128,
    /// Charged to vouchers, but served on credit, no longer covered, or refused by the chain.
    pub at_risk: u128,
    /// Claimed, and still with the contract of channels.
    pub claimed: u128,
    /// Owed by the hub.
    pub hub: u128,
    /// In the vault.
    pub in_vault: u128,
    /// Divided by the fee router.
    pub divided: Divided,
}

/// The parts of what was divided.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Divided {
    /// The operator's.
    pub operator: u128,
    /// The model owner's.
    pub model_owner: u128,
    /// For verification.
    pub verification: u128,
    /// Destroyed.
    pub burned: u128,
}

/// What is the operator's own: `income + difference = collected + owed`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountBooks {
    /// Every part of divided fees that is its own, as operator and as owner of models.
    pub income: u128,
    /// What it was paid of that.
    pub collected: u128,
    /// What it can collect.
    pub owed: u128,
}

impl Divided {
    /// All parts.
    #[must_use]
    pub fn sum(&self) -> u128 {
        self.operator + self.model_owner + self.verification + self.burned
    }
}

impl VersionBooks {
    /// What was earned.
    #[must_use]
    pub fn earned(&self) -> u128 {
        self.flat + self.vouchers + self.requests
    }

    /// What is sure to come and not divided yet.
    #[must_use]
    pub fn pending(&self) -> u128 {
        self.settling + self.claimable + self.claimed + self.hub + self.in_vault
    }

    /// By how much more is found than was earned. Less than zero: it is missing.
    #[must_use]
    pub fn difference(&self) -> i128 {
        minus(self.divided.sum() + self.pending() + self.at_risk, self.earned() + self.earlier)
    }
}

impl AccountBooks {
    /// By how much more is found than came in.
    #[must_use]
    pub fn difference(&self) -> i128 {
        minus(self.collected + self.owed, self.income)
    }
}

impl Books {
    /// The sum of something over all versions.
    #[must_use]
    pub fn sum(&self, of: impl Fn(&VersionBooks) -> u128) -> u128 {
        self.versions.iter().map(of).sum()
    }

    /// What should be on the chain and is not. Zero: nothing that was earned got lost.
    #[must_use]
    pub fn missing(&self) -> u128 {
        self.differences().filter(|wei| *wei < 0).map(i128::unsigned_abs).sum()
    }

    /// What is on the chain and is not known here: somebody paid a vault by themselves, or fees are older than the database.
    #[must_use]
    pub fn surplus(&self) -> u128 {
        self.differences().filter(|wei| *wei > 0).map(i128::unsigned_abs).sum()
    }

    /// Of each version, and of what is the operator's own. Zero everywhere: books and chain agree to the wei.
    fn differences(&self) -> impl Iterator<Item = i128> {
        let versions = self.versions.iter().map(VersionBooks::difference);
        versions.chain(std::iter::once(self.account.difference()))
    }

    /// How much may be divided now.
    #[must_use]
    pub fn room(&self) -> u128 {
        self.most_unsettled.saturating_sub(self.unsettled)
    }
}

/// No sum of OPG comes near the bounds.
fn minus(found: u128, expected: u128) -> i128 {
    i128::try_from(found).unwrap_or(i128::MAX).saturating_sub_unsigned(expected)
}

/// What the keeper has stored, at one moment.
#[derive(Debug)]
pub(super) struct Stored {
    vaults: Vec<(B256, Address)>,
    sums: BTreeMap<(Address, Kind), u128>,
    payments: BTreeMap<Address, Payments>,
    settling: Vec<Settling>,
    channels: Vec<Channel>,
}

impl Stored {
    pub(super) fn read(
        tx: &Transaction<'_>,
        operator: Address,
        vault: impl Fn(B256) -> Address,
    ) -> Result<Self, StoreError> {
        let versions = fees::versions(tx)?;
        Ok(Self {
            vaults: versions.into_iter().map(|version| (version, vault(version))).collect(),
            sums: fees::sums(tx, operator)?,
            payments: fees::payments(tx)?,
            settling: fees::settling(tx)?,
            channels: channels::all(tx)?,
        })
    }

    /// What the chain has to be asked to compare with.
    pub(super) fn question(&self, operator: Address) -> FeeQuestion {
        FeeQuestion {
            operator,
            vaults: self.vaults.clone(),
            channels: self.live().map(|channel| channel.id).collect(),
            payments: self.settling.iter().map(|payment| (payment.payer, payment.nonce)).collect(),
            vouchers: !self.channels.is_empty(),
        }
    }

    /// Channels that something can still happen to.
    fn live(&self) -> impl Iterator<Item = &Channel> {
        self.channels.iter().filter(|channel| {
            channel.seen.balance > channel.seen.claimed || channel.charged > channel.seen.claimed
        })
    }

    /// The books, with what the chain says at `block`.
    pub(super) fn books(&self, block: u64, operator: Address, state: &FeeState) -> Books {
        let mut versions: Vec<_> = self
            .vaults
            .iter()
            .zip(&state.vaults)
            .map(|((version, vault), found)| self.version(*version, *vault, found))
            .collect();
        let mut at = |vault: Address, book: &mut dyn FnMut(&mut VersionBooks)| {
            versions.iter_mut().filter(|version| version.vault == vault).for_each(book);
        };
        for (payment, taken) in self.settling.iter().zip(&state.taken) {
            at(payment.pay_to, &mut |books| {
                books.flat += payment.amount;
                books.settling += if *taken { 0 } else { payment.amount };
            });
        }
        let asked: BTreeMap<B256, &ChannelState> =
            self.live().map(|channel| channel.id).zip(&state.channels).collect();
        for channel in &self.channels {
            let channel = now(channel, asked.get(&channel.id).copied());
            at(channel.terms.receiver, &mut |books| {
                books.vouchers += channel.charged - channel.base;
                books.earlier += channel.base;
                books.claimable += channel.pending();
                books.at_risk += channel.unclaimed() - channel.pending();
            });
        }
        let sum = |kind| self.sum(operator, kind);
        let market = state.market.unwrap_or_default();
        Books {
            block,
            versions,
            account: AccountBooks {
                income: sum(Kind::Income),
                collected: sum(Kind::Collected),
                owed: state.owed,
            },
            unsettled: state.unsettled.unsettled.saturating_to(),
            most_unsettled: state.unsettled.most.saturating_to(),
            unit_price: state.market.map(|MarketState { price, .. }| price),
            capacity: market.capacity,
            most_capacity: market.most,
        }
    }

    /// What is known of a version without what is on its way.
    fn version(&self, version: B256, vault: Address, found: &VaultState) -> VersionBooks {
        let payments = self.payments.get(&vault).copied().unwrap_or_default();
        let sum = |kind| self.sum(vault, kind);
        VersionBooks {
            version,
            vault,
            flat: payments.settled,
            requests: sum(Kind::Credited),
            refused: payments.refused,
            claimed: found.claimed.saturating_sub(found.settled),
            hub: found.hub,
            in_vault: found.vault,
            divided: Divided {
                operator: sum(Kind::Operator),
                model_owner: sum(Kind::ModelOwner),
                verification: sum(Kind::Verification),
                burned: sum(Kind::Burned),
            },
            ..VersionBooks::default()
        }
    }

    fn sum(&self, account: Address, kind: Kind) -> u128 {
        self.sums.get(&(account, kind)).copied().unwrap_or_default()
    }
}

/// A channel as the chain has it at the block of the books.
fn now(channel: &Channel, state: Option<&ChannelState>) -> Channel {
    let mut channel = channel.clone();
    if let Some(ChannelState { balance, claimed, .. }) = state {
        channel.seen = Seen { balance: *balance, claimed: *claimed, ..channel.seen };
    }
    // What was claimed beyond what was charged here was charged before this database began.
    let earlier = channel.seen.claimed.saturating_sub(channel.charged);
    channel.base += earlier;
    channel.charged += earlier;
    channel
}
