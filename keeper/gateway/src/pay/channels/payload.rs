//! The payloads of the scheme as they are in headers. Numbers are decimal strings.

use alloy::primitives::{Address, B256, Bytes, U256};
use opg_store::channels::Terms;
use serde::Deserialize;

/// What a client sends.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(crate) enum Payload {
    /// A voucher, and before it a deposit into the channel.
    Deposit {
        #[serde(rename = "channelConfig")]
        config: Config,
        voucher: Voucher,
        deposit: Deposit,
    },
    /// A voucher.
    Voucher {
        #[serde(rename = "channelConfig")]
        config: Config,
        voucher: Voucher,
    },
    /// A wish to have back what was not charged; the voucher is of what was.
    Refund {
        #[serde(rename = "channelConfig")]
        config: Config,
        voucher: Voucher,
        amount: Option<String>,
    },
}

/// What a channel's identifier stands for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Config {
    payer: Address,
    payer_authorizer: Address,
    receiver: Address,
    receiver_authorizer: Address,
    token: Address,
    withdraw_delay: u64,
    salt: B256,
}

/// What the payer signed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Voucher {
    pub(crate) channel_id: B256,
    pub(crate) max_claimable_amount: String,
    pub(crate) signature: Bytes,
}

/// A deposit that the payer signed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Deposit {
    pub(crate) amount: String,
    pub(crate) authorization: DepositAuthorization,
}

/// How it signed. ERC-3009 is the one way that is offered.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct DepositAuthorization {
    #[serde(rename = "erc3009Authorization")]
    pub(crate) erc3009: Erc3009,
}

/// An authorization of ERC-3009 to the collector of deposits, with what its nonce is made of.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Erc3009 {
    pub(crate) valid_after: String,
    pub(crate) valid_before: String,
    pub(crate) salt: U256,
    pub(crate) signature: Bytes,
}

impl From<Config> for Terms {
    fn from(config: Config) -> Self {
        Self {
            payer: config.payer,
            payer_authorizer: config.payer_authorizer,
            receiver: config.receiver,
            receiver_authorizer: config.receiver_authorizer,
            token: config.token,
            withdraw_delay: config.withdraw_delay,
            salt: config.salt,
        }
    }
}
