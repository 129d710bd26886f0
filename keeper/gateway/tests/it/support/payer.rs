//! Who pays: builds and signs what an x402 client sends.

use alloy::{
    primitives::{Address, B256, Bytes, U256},
    signers::{SignerSync, local::PrivateKeySigner},
    sol,
    sol_types::{SolStruct, eip712_domain},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::{CHAIN_ID, OPG, World, chain::now};

sol! {
    struct TransferWithAuthorization {
        address from;
        address to;
        uint256 value;
        uint256 validAfter;
        uint256 validBefore;
        bytes32 nonce;
    }
}

/// A payment that can be spoilt before it is signed or sent.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) accepted: Value,
    pub(crate) from: Address,
    pub(crate) to: Address,
    pub(crate) value: u128,
    pub(crate) valid_after: u64,
    pub(crate) valid_before: u64,
    pub(crate) nonce: B256,
    pub(crate) chain_id: u64,
    pub(crate) token: Address,
}

/// What the gateway asks for `body`.
pub(crate) async fn quote(world: &World, path: &str, body: &Value) -> Value {
    let reply = world.ask(path, body).await;
    assert_eq!(reply.status, 402, "{}", reply.text);
    let required: Value =
        serde_json::from_slice(&BASE64_STANDARD.decode(reply.header("payment-required")).unwrap()).unwrap();
    assert_eq!(required["x402Version"], 2);
    required["accepts"].as_array().unwrap().iter().find(|offer| offer["scheme"] == "exact").unwrap().clone()
}

impl Draft {
    pub(crate) fn new(asked: &Value, from: Address) -> Self {
        Self {
            accepted: asked.clone(),
            from,
            to: asked["payTo"].as_str().unwrap().parse().unwrap(),
            value: asked["amount"].as_str().unwrap().parse().unwrap(),
            valid_after: now() - 600,
            valid_before: now() + 300,
            nonce: B256::from(rand::random::<[u8; 32]>()),
            chain_id: CHAIN_ID,
            token: OPG,
        }
    }

    pub(crate) fn sign(&self, key: &PrivateKeySigner) -> Vec<u8> {
        let message = TransferWithAuthorization {
            from: self.from,
            to: self.to,
            value: U256::from(self.value),
            validAfter: U256::from(self.valid_after),
            validBefore: U256::from(self.valid_before),
            nonce: self.nonce,
        };
        let domain = eip712_domain! {
            name: "OpenGradient",
            version: "1",
            chain_id: self.chain_id,
            verifying_contract: self.token,
        };
        key.sign_hash_sync(&message.eip712_signing_hash(&domain)).unwrap().as_bytes().to_vec()
    }

    pub(crate) fn header(&self, signature: &[u8]) -> String {
        let payment = json!({
            "x402Version": 2,
            "accepted": self.accepted,
            "payload": {
                "signature": Bytes::copy_from_slice(signature),
                "authorization": {
                    "from": self.from,
                    "to": self.to,
                    "value": self.value.to_string(),
                    "validAfter": self.valid_after.to_string(),
                    "validBefore": self.valid_before.to_string(),
                    "nonce": self.nonce,
                },
            },
        });
        BASE64_STANDARD.encode(payment.to_string())
    }
}
