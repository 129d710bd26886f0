//! Payers with channels, who sign their vouchers before they ask.

use std::net::SocketAddr;

use alloy::{
    primitives::{Address, B256, Bytes, aliases::U40},
    signers::{SignerSync as _, local::PrivateKeySigner},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use opg_chain::{
    bindings::ChannelConfig,
    channels::{channel_id, domain, voucher_digest},
};
use serde_json::{Value, json};

use crate::{
    CHAIN_ID, Outcome,
    clients::{Script, message},
};

/// A payer and its channel.
pub(crate) struct Payer {
    key: PrivateKeySigner,
    config: ChannelConfig,
    id: B256,
    signed: u128,
}

/// Payers whose channels have the terms of `offer`.
pub(crate) fn payers(offer: &Value, count: usize) -> Outcome<Vec<Payer>> {
    let address = |value: &Value| -> Outcome<Address> {
        Ok(value.as_str().ok_or("the offer names no address")?.parse()?)
    };
    let (receiver, authorizer) = (address(&offer["payTo"])?, address(&offer["extra"]["receiverAuthorizer"])?);
    let token = address(&offer["asset"])?;
    let delay = offer["extra"]["withdrawDelay"].as_u64().ok_or("the offer names no delay")?;
    Ok((0..count)
        .map(|_| {
            let key = PrivateKeySigner::random();
            let config = ChannelConfig {
                payer: key.address(),
                payerAuthorizer: key.address(),
                receiver,
                receiverAuthorizer: authorizer,
                token,
                withdrawDelay: U40::from(delay),
                salt: B256::ZERO,
            };
            let id = channel_id(&domain(CHAIN_ID), &config);
            Payer { key, config, id, signed: 0 }
        })
        .collect())
}

/// `each` requests of every payer, paid, over `clients` connections: payers take turns, so that none has two at once.
pub(crate) fn scripts(
    payers: &mut [Payer],
    offer: &Value,
    body: &str,
    each: usize,
    clients: usize,
) -> Outcome<Vec<Script>> {
    let mut scripts = vec![Script::new(); clients];
    for _ in 0..each {
        for (number, payer) in payers.iter_mut().enumerate() {
            let header = format!("payment-signature: {}\r\n", payer.voucher(offer)?);
            scripts[number % clients].push(message(body, &header));
        }
    }
    Ok(scripts)
}

impl Payer {
    /// A voucher for one more request, in the form of the header.
    fn voucher(&mut self, offer: &Value) -> Outcome<String> {
        self.signed += offer["amount"].as_str().ok_or("the offer names no amount")?.parse::<u128>()?;
        let digest = voucher_digest(&domain(CHAIN_ID), self.id, self.signed);
        let signature = Bytes::from(self.key.sign_hash_sync(&digest)?.as_bytes().to_vec());
        let config = &self.config;
        let payment = json!({
            "x402Version": 2,
            "accepted": offer,
            "payload": {
                "type": "voucher",
                "channelConfig": {
                    "payer": config.payer,
                    "payerAuthorizer": config.payerAuthorizer,
                    "receiver": config.receiver,
                    "receiverAuthorizer": config.receiverAuthorizer,
                    "token": config.token,
                    "withdrawDelay": config.withdrawDelay.to::<u64>(),
                    "salt": config.salt,
                },
                "voucher": {
                    "channelId": self.id,
                    "maxClaimableAmount": self.signed.to_string(),
                    "signature": signature,
                },
            },
        });
        Ok(BASE64_STANDARD.encode(payment.to_string()))
    }
}

/// How the gateway asks to be paid by vouchers.
pub(crate) async fn offer(address: SocketAddr, body: &str) -> Outcome<Value> {
    let answer = reqwest::Client::new()
        .post(format!("http://{address}/v1/chat/completions"))
        .header("content-type", "application/json")
        .body(body.to_owned())
        .send()
        .await?;
    let required = answer.headers().get("payment-required").ok_or("nobody has to pay")?;
    let required: Value = serde_json::from_slice(&BASE64_STANDARD.decode(required)?)?;
    let offers = required["accepts"].as_array().ok_or("no offers")?;
    Ok(offers
        .iter()
        .find(|offer| offer["scheme"] == "batch-settlement")
        .ok_or("vouchers are not taken")?
        .clone())
}
