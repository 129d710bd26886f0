//! Payments by x402, version 2: what is asked, whether what comes is good, and its settlement.
//!
//! Two schemes. `exact` has a flat price, which is settled on the chain before the answer is released. `batch-settlement`
//! ([`channels`]) takes vouchers of payment channels and charges by use.

pub(crate) mod channels;
pub(crate) mod means;
pub(crate) mod quote;
pub(crate) mod settle;
pub(crate) mod verify;

use alloy::primitives::{Address, B256};
use opg_store::channels::Channel;

/// How a request is paid. The signature was checked.
#[derive(Debug)]
pub(crate) enum Means {
    /// At a flat price.
    Flat(verify::Payment, settle::Standing),
    /// By a voucher, charged by use.
    Voucher {
        /// The voucher.
        shown: Box<channels::shown::Shown>,
        /// Most that the request costs.
        cap: u128,
    },
}

impl Means {
    /// Who pays.
    pub(crate) fn payer(&self) -> Address {
        match self {
            Means::Flat(payment, _) => payment.payer,
            Means::Voucher { shown, .. } => shown.terms.payer,
        }
    }

    /// The payer's number for the payment.
    pub(crate) fn nonce(&self) -> B256 {
        match self {
            Means::Flat(payment, _) => payment.nonce,
            Means::Voucher { shown, .. } => shown.digest,
        }
    }

    /// What the answer will cost.
    pub(crate) fn fee(&self) -> Fee {
        match self {
            Means::Flat(payment, _) => Fee::Flat(payment.amount),
            Means::Voucher { cap, .. } => Fee::Usage { cap: *cap },
        }
    }
}

/// What an answer costs, in OPG wei.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fee {
    /// So much, whatever it takes.
    Flat(u128),
    /// What it takes, but no more than this.
    Usage {
        /// The bound.
        cap: u128,
    },
}

/// How a request was paid.
#[derive(Debug, Clone)]
pub(crate) enum Settlement {
    /// By this transaction, so much.
    Transaction(B256, u128),
    /// By a voucher of this channel, which is as it is after that.
    Voucher {
        /// The channel.
        channel: Box<Channel>,
        /// What was charged; `None` where that is not known yet.
        fee: Option<u128>,
    },
}
