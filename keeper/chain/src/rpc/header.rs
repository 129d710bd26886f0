//! Header fields as nodes send them.

use alloy::primitives::{B256, U64, U128};
use serde::Deserialize;

use crate::rpc_trait::Head;

/// The fields of a block that the keeper reads. Chains differ in the others, so they are not parsed.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Header {
    pub(crate) number: U64,
    pub(crate) hash: B256,
    pub(crate) parent_hash: B256,
    pub(crate) timestamp: U64,
    #[serde(default)]
    pub(crate) base_fee_per_gas: Option<U128>,
}

impl From<Header> for Head {
    fn from(header: Header) -> Self {
        Self {
            number: header.number.to(),
            hash: header.hash,
            parent_hash: header.parent_hash,
            timestamp: header.timestamp.to(),
            base_fee: header.base_fee_per_gas.map_or(0, |fee| fee.to()),
        }
    }
}
