//! The messages of x402, version 2, as they are in headers: JSON in base64.

use alloy::primitives::{Address, B256, Bytes};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

/// Header in which a client pays.
pub(crate) const PAYMENT: &str = "payment-signature";
/// Header that says what has to be paid.
pub(crate) const REQUIRED: &str = "payment-required";
/// Header that says what was settled.
pub(crate) const RESPONSE: &str = "payment-response";
/// Version of the protocol.
pub(crate) const VERSION: u32 = 2;
/// The scheme with a flat price.
pub(crate) const EXACT: &str = "exact";
/// The scheme with channels and vouchers.
pub(crate) const CHANNELS: &str = "batch-settlement";

/// One way to pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Requirements {
    pub(crate) scheme: String,
    /// `eip155:<chain id>`
    pub(crate) network: String,
    pub(crate) asset: Address,
    /// Wei, in decimal.
    pub(crate) amount: String,
    pub(crate) pay_to: Address,
    pub(crate) max_timeout_seconds: u64,
    #[serde(default)]
    pub(crate) extra: Map<String, Value>,
}

/// What is paid for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Resource {
    pub(crate) url: String,
    pub(crate) description: String,
    pub(crate) mime_type: &'static str,
}

/// The content of [`REQUIRED`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Required {
    pub(crate) x402_version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    pub(crate) resource: Resource,
    pub(crate) accepts: Vec<Requirements>,
}

/// The content of [`PAYMENT`]. Fields that do not bear on money are ignored: clients echo what they were told.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Paid {
    pub(crate) x402_version: u32,
    pub(crate) accepted: Requirements,
    pub(crate) payload: Value,
}

/// The payload of [`EXACT`] on chains of Ethereum's kind.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExactPayload {
    pub(crate) signature: Bytes,
    pub(crate) authorization: Authorization,
}

/// What the payer signs: ERC-3009's `TransferWithAuthorization`. Numbers are decimal strings.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Authorization {
    pub(crate) from: Address,
    pub(crate) to: Address,
    pub(crate) value: String,
    pub(crate) valid_after: String,
    pub(crate) valid_before: String,
    pub(crate) nonce: B256,
}

/// The content of [`RESPONSE`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Settled {
    pub(crate) success: bool,
    pub(crate) payer: Address,
    /// Its hash; empty where there is none, because a voucher was taken.
    pub(crate) transaction: String,
    pub(crate) network: String,
    /// Wei that the transaction moved; empty where there is none.
    pub(crate) amount: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) extra: Option<Value>,
}

/// Reads a header.
pub(crate) fn decode<T: DeserializeOwned>(header: &[u8]) -> Result<T, String> {
    let json = BASE64_STANDARD.decode(header).map_err(|error| format!("it is not base64: {error}"))?;
    serde_json::from_slice(&json).map_err(|error| error.to_string())
}

/// Writes a header.
pub(crate) fn encode(content: &impl Serialize) -> String {
    // Plain structs of texts and numbers have no way to fail.
    BASE64_STANDARD.encode(serde_json::to_vec(content).unwrap_or_default())
}
