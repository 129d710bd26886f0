//! A payer with a channel: signs what an x402 client signs.

use alloy::{
    primitives::{Address, B256, Bytes, U256, aliases::U40},
    signers::{SignerSync, local::PrivateKeySigner},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use opg_chain::{
    bindings::ChannelConfig,
    channels::{ChannelState, channel_id, domain, voucher_digest},
};
use opg_gateway::{ChannelPolicy, GatewayConfig};
use serde_json::{Value, json};

use super::{CHAIN_ID, Reply, World, paid};

/// A gateway that takes vouchers.
pub(crate) fn with_channels(policy: ChannelPolicy) -> GatewayConfig {
    GatewayConfig { channels: Some(policy), ..paid() }
}

/// What is in the header of an answer.
pub(crate) fn header(reply: &Reply, name: &str) -> Value {
    serde_json::from_slice(&BASE64_STANDARD.decode(reply.header(name)).unwrap()).unwrap()
}

/// The offer to pay by vouchers in a 402.
pub(crate) fn offer_of(reply: &Reply) -> Value {
    assert_eq!(reply.status, 402, "{}", reply.text);
    let required = header(reply, "payment-required");
    let offers = required["accepts"].as_array().unwrap();
    offers.iter().find(|offer| offer["scheme"] == "batch-settlement").expect("vouchers are taken").clone()
}

pub(crate) async fn offer(world: &World, path: &str, body: &Value) -> Value {
    offer_of(&world.ask(path, body).await)
}

/// A number that is written as a string.
pub(crate) fn wei(value: &Value) -> u128 {
    value.as_str().unwrap().parse().unwrap()
}

/// A channel that can be spoilt before anything is signed.
#[derive(Debug, Clone)]
pub(crate) struct Payer {
    pub(crate) key: PrivateKeySigner,
    pub(crate) offer: Value,
    pub(crate) config: ChannelConfig,
    pub(crate) chain_id: u64,
}

impl Payer {
    /// A payer whose channel has the terms that are offered.
    pub(crate) fn new(offer: &Value) -> Self {
        let key = PrivateKeySigner::random();
        let address = |value: &Value| value.as_str().unwrap().parse().unwrap();
        let config = ChannelConfig {
            payer: key.address(),
            payerAuthorizer: key.address(),
            receiver: address(&offer["payTo"]),
            receiverAuthorizer: address(&offer["extra"]["receiverAuthorizer"]),
            token: address(&offer["asset"]),
            withdrawDelay: U40::from(offer["extra"]["withdrawDelay"].as_u64().unwrap()),
            salt: B256::ZERO,
        };
        Self { key, offer: offer.clone(), config, chain_id: CHAIN_ID }
    }

    pub(crate) fn id(&self) -> B256 {
        channel_id(&domain(self.chain_id), &self.config)
    }

    /// The most that the request costs, as it was offered.
    pub(crate) fn amount(&self) -> u128 {
        wei(&self.offer["amount"])
    }

    /// Puts money into the channel.
    pub(crate) fn fund(&self, world: &World, balance: u128) {
        self.set(world, ChannelState { balance, ..ChannelState::default() });
    }

    pub(crate) fn set(&self, world: &World, state: ChannelState) {
        world.chain.channels.lock().unwrap().insert(self.id(), state);
    }

    pub(crate) fn sign(&self, maximum: u128) -> Vec<u8> {
        let digest = voucher_digest(&domain(self.chain_id), self.id(), maximum);
        self.key.sign_hash_sync(&digest).unwrap().as_bytes().to_vec()
    }

    fn payload(&self, kind: &str, maximum: u128, signature: &[u8]) -> Value {
        json!({
            "type": kind,
            "channelConfig": {
                "payer": self.config.payer,
                "payerAuthorizer": self.config.payerAuthorizer,
                "receiver": self.config.receiver,
                "receiverAuthorizer": self.config.receiverAuthorizer,
                "token": self.config.token,
                "withdrawDelay": self.config.withdrawDelay.to::<u64>(),
                "salt": self.config.salt,
            },
            "voucher": {
                "channelId": self.id(),
                "maxClaimableAmount": maximum.to_string(),
                "signature": Bytes::copy_from_slice(signature),
            },
        })
    }

    fn header(&self, payload: &Value) -> String {
        let payment = json!({ "x402Version": 2, "accepted": self.offer, "payload": payload });
        BASE64_STANDARD.encode(payment.to_string())
    }

    /// A voucher with any signature.
    pub(crate) fn with(&self, maximum: u128, signature: &[u8]) -> String {
        self.header(&self.payload("voucher", maximum, signature))
    }

    /// A voucher over `maximum` in all.
    pub(crate) fn voucher(&self, maximum: u128) -> String {
        self.with(maximum, &self.sign(maximum))
    }

    /// A voucher with a deposit. The fake chain does not look at its signature.
    pub(crate) fn deposit(&self, maximum: u128, amount: u128, valid_before: u64) -> String {
        let mut payload = self.payload("deposit", maximum, &self.sign(maximum));
        payload["deposit"] = json!({
            "amount": amount.to_string(),
            "authorization": { "erc3009Authorization": {
                "validAfter": "0",
                "validBefore": valid_before.to_string(),
                "salt": B256::from(U256::from(amount)),
                "signature": Bytes::from(vec![1; 65]),
            } },
        });
        self.header(&payload)
    }

    /// A wish for what is left; `maximum` is what the payer believes was charged.
    pub(crate) fn refund(&self, maximum: u128, amount: Option<&str>) -> String {
        let mut payload = self.payload("refund", maximum, &self.sign(maximum));
        if let Some(amount) = amount {
            payload["amount"] = amount.into();
        }
        self.header(&payload)
    }

    /// The payer as somebody whose account judges signatures.
    pub(crate) fn wallet(&self, account: Address) -> Self {
        let config = ChannelConfig { payer: account, payerAuthorizer: Address::ZERO, ..self.config.clone() };
        Self { config, ..self.clone() }
    }
}
