//! Payments by x402, version 2: the messages between who asks and who pays, what is signed with the scheme `exact`, and who
//! is paid. One definition for both sides.

use alloy::{
    primitives::{Address, B256, Bytes, keccak256},
    sol,
    sol_types::SolValue as _,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

/// Header in which a client pays.
pub const PAYMENT: &str = "payment-signature";
/// Header that says what has to be paid.
pub const REQUIRED: &str = "payment-required";
/// Header that says what was settled.
pub const RESPONSE: &str = "payment-response";
/// Version of the protocol.
pub const VERSION: u32 = 2;
/// The scheme with a flat price.
pub const EXACT: &str = "exact";
/// The scheme with channels and vouchers.
pub const CHANNELS: &str = "batch-settlement";

sol! {
    /// Of ERC-3009: what a payer signs with [`EXACT`].
    #[derive(Debug, PartialEq, Eq)]
    struct TransferWithAuthorization {
        address from;
        address to;
        uint256 value;
        uint256 validAfter;
        uint256 validBefore;
        bytes32 nonce;
    }
}

/// One way to pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Requirements {
    /// How it is paid, such as [`EXACT`].
    pub scheme: String,
    /// `eip155:<chain id>`
    pub network: String,
    /// The token.
    pub asset: Address,
    /// Wei, in decimal.
    pub amount: String,
    /// Who is paid.
    pub pay_to: Address,
    /// How long the payment may take to be settled.
    pub max_timeout_seconds: u64,
    /// What the scheme needs besides.
    #[serde(default)]
    pub extra: Map<String, Value>,
}

/// What is paid for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Resource {
    /// Where it is.
    pub url: String,
    /// What it is.
    pub description: String,
    /// Of what type the answer is.
    pub mime_type: String,
}

/// The content of [`REQUIRED`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Required {
    /// [`VERSION`]
    pub x402_version: u32,
    /// Why a payment was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What is paid for.
    #[serde(default)]
    pub resource: Resource,
    /// Each of them would do.
    pub accepts: Vec<Requirements>,
}

/// The content of [`PAYMENT`]. Fields that do not bear on money are ignored: clients echo what they were told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Paid {
    /// [`VERSION`]
    pub x402_version: u32,
    /// Which way was chosen.
    pub accepted: Requirements,
    /// What the scheme has to say.
    pub payload: Value,
}

/// The payload of [`EXACT`] on chains of Ethereum's kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExactPayload {
    /// Of [`TransferWithAuthorization`] in the token's domain.
    pub signature: Bytes,
    /// What is signed.
    pub authorization: Authorization,
}

/// [`TransferWithAuthorization`] as it is in JSON. Numbers are decimal strings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Authorization {
    /// Who pays.
    pub from: Address,
    /// Who is paid.
    pub to: Address,
    /// Wei.
    pub value: String,
    /// Unix time before which it cannot be settled.
    pub valid_after: String,
    /// Unix time from which it cannot be settled.
    pub valid_before: String,
    /// The payer's number for it.
    pub nonce: B256,
}

/// The content of [`RESPONSE`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// Whether the payment was taken.
    pub success: bool,
    /// Who paid.
    pub payer: Address,
    /// Its hash; empty where there is none, because a voucher was taken.
    pub transaction: String,
    /// `eip155:<chain id>`
    pub network: String,
    /// Wei that the transaction moved; empty where there is none.
    pub amount: String,
    /// What the scheme has to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra: Option<Value>,
}

/// A chain by its name in x402.
#[must_use]
pub fn network(chain_id: u64) -> String {
    format!("eip155:{chain_id}")
}

/// The vault that takes the fees of an operator for a model version: a CREATE2 address of the fee router, where
/// `code_hash` is the hash of the creation code of its vaults.
#[must_use]
pub fn vault(fee_router: Address, code_hash: B256, operator: Address, version: B256) -> Address {
    fee_router.create2(keccak256((operator, version).abi_encode_params()), code_hash)
}

/// Reads a header.
///
/// # Errors
/// If it is not JSON of that form in base64; the text says why.
pub fn decode<T: DeserializeOwned>(header: &[u8]) -> Result<T, String> {
    let json = BASE64_STANDARD.decode(header).map_err(|error| format!("it is not base64: {error}"))?;
    serde_json::from_slice(&json).map_err(|error| error.to_string())
}

/// Writes a header.
#[must_use]
pub fn encode(content: &impl Serialize) -> String {
    // Plain structs of texts and numbers have no way to fail.
    BASE64_STANDARD.encode(serde_json::to_vec(content).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_message_reads_as_it_was_written() {
        let required = Required {
            x402_version: VERSION,
            error: None,
            resource: Resource { url: "https://node/v1".to_owned(), ..Resource::default() },
            accepts: vec![Requirements {
                scheme: EXACT.to_owned(),
                network: network(8_453),
                asset: Address::repeat_byte(1),
                amount: "5".to_owned(),
                pay_to: Address::repeat_byte(2),
                max_timeout_seconds: 60,
                extra: Map::new(),
            }],
        };
        assert_eq!(decode::<Required>(encode(&required).as_bytes()), Ok(required.clone()));
        let json = serde_json::to_value(&required).unwrap_or_default();
        assert_eq!(json["accepts"][0]["payTo"], json!(Address::repeat_byte(2)));
        assert_eq!(json["accepts"][0]["network"], "eip155:8453");
        assert!(decode::<Required>(b"{}").is_err() && decode::<Required>(b"e30=").is_err());
    }
}
