//! The data of a batch, from wherever its operator serves it. Nothing there is believed, and its size and time are bounded.

use std::{error::Error, time::Duration};

use alloy::primitives::keccak256;
use opg_receipts::batch::{Batch, RECORD_LENGTH};
use reqwest::{Client, Url, redirect::Policy};

/// Bounds on a download.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes.
    pub bytes: u64,
    /// Longest time.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 64 << 20, time: Duration::from_secs(60) }
    }
}

/// Why there is no data to look at. The operator can be made to show any leaf on the chain instead: `demandLeaf`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DataFault {
    /// The address is not one that can be asked.
    #[error("{uri:?} is not an http or https address")]
    Uri {
        /// As it was posted.
        uri: String,
    },
    /// More than the caller wants.
    #[error(
        "{count} receipts take {bytes} bytes, over the limit of {limit}; allow more to look at this batch"
    )]
    TooLarge {
        /// Receipts.
        count: u32,
        /// Bytes that they take.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// Nobody answers as they should.
    #[error("the data cannot be had: {0}")]
    Unavailable(String),
    /// The number of bytes is not that of the posted number of receipts.
    #[error("{expected} bytes were promised, and {found} or more are served")]
    Length {
        /// Bytes for the posted count.
        expected: u64,
        /// Bytes received.
        found: u64,
    },
    /// The bytes are not those that were committed to.
    #[error("the bytes that are served are not those that were posted: their hash is another")]
    Hash,
}

/// Reads the data of `batch` from `uri`: exactly as many bytes as its number of receipts takes, with the posted hash.
///
/// # Errors
/// If that is not what is served there, or it is more or takes longer than `limits` allow.
pub async fn download(batch: &Batch, uri: &str, limits: Limits) -> Result<Vec<u8>, DataFault> {
    let expected = u64::from(batch.count) * RECORD_LENGTH as u64;
    if expected > limits.bytes {
        return Err(DataFault::TooLarge { count: batch.count, bytes: expected, limit: limits.bytes });
    }
    let url = uri.parse::<Url>().ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let url = url.ok_or_else(|| DataFault::Uri { uri: uri.to_owned() })?;
    let data = tokio::time::timeout(limits.time, read(url, expected)).await;
    let data = data
        .unwrap_or_else(|_| Err(DataFault::Unavailable(format!("it takes longer than {:?}", limits.time))))?;
    if keccak256(&data) == batch.dataHash { Ok(data) } else { Err(DataFault::Hash) }
}

async fn read(url: Url, expected: u64) -> Result<Vec<u8>, DataFault> {
    let failed = |error: reqwest::Error| {
        let cause = error.source().map_or_else(String::new, |cause| format!(": {cause}"));
        DataFault::Unavailable(format!("{error}{cause}"))
    };
    // Fails if a provider is installed already, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // A redirect could lead anywhere, into the reader's own network too.
    let client = Client::builder().redirect(Policy::none()).build().map_err(failed)?;
    let mut response = client.get(url).send().await.map_err(failed)?;
    if !response.status().is_success() {
        return Err(DataFault::Unavailable(format!("HTTP status {}", response.status())));
    }
    let mut data = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        data.extend_from_slice(&chunk);
        if data.len() as u64 > expected {
            break;
        }
    }
    if data.len() as u64 == expected {
        Ok(data)
    } else {
        Err(DataFault::Length { expected, found: data.len() as u64 })
    }
}
