#![doc = include_str!("../README.md")]

pub mod batch;
mod canonical;
mod decimal;
mod domain;
mod finite;
mod hash;
mod numbers;
mod receipt;
mod request;
mod signed;
mod strict_json;

pub use canonical::{CanonicalError, canonical_json, canonicalize};
pub use domain::TypedDomain;
pub use hash::{content_hash, json_hash, trace_hash};
pub use receipt::{
    DOMAIN_NAME, DOMAIN_VERSION, InferenceReceipt, MODE_OPERATOR_SIGNED, MODE_ZERO_KNOWLEDGE, ReceiptDomain,
    receipt_domain,
};
pub use request::{Request, http_request_id, hub_request_id};
pub use signed::{ReceiptError, SIGNATURE_LENGTH, SignedReceipt, recover_signer};
