//! Values that several commands take.

use alloy::primitives::{Address, B256};

use crate::config::units::{Checksummed, Endpoints};

/// An identifier of 32 bytes.
pub(super) fn bytes32(text: &str) -> Result<B256, String> {
    text.parse().map_err(|_| "not an id; write 0x and 64 hexadecimal digits".to_owned())
}

/// An address whose checksum is right.
pub(super) fn address(text: &str) -> Result<Address, String> {
    text.parse::<Checksummed>().map(|address| address.0)
}

/// One or several URLs of nodes.
pub(super) fn endpoint(text: &str) -> Result<String, String> {
    text.parse::<Endpoints>().map(|_| text.to_owned())
}
