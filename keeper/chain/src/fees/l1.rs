//! The OP Stack's fee for a transaction's data on L1.

use alloy::{
    primitives::{Address, Bytes, U256, address},
    sol_types::SolCall,
};

use crate::rpc::{Rpc, RpcError};

/// The predeploy that knows the fee.
pub const GAS_PRICE_ORACLE: Address = address!("0x420000000000000000000000000000000000000F");

mod oracle {
    #![allow(missing_docs)] // The functions are those of the OP Stack's predeploy.

    alloy::sol! {
        interface GasPriceOracle {
            function getL1Fee(bytes memory data) external view returns (uint256);
            function getL1FeeUpperBound(uint256 unsignedTxSize) external view returns (uint256);
        }
    }
}
use oracle::GasPriceOracle;

/// A fee for data on L1, or the fact that the chain has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum L1Fee {
    /// The chain has no GasPriceOracle: a devnet or an L1.
    NoOracle,
    /// Wei, as the oracle says.
    Wei(U256),
}

impl L1Fee {
    /// The fee in wei: zero where there is none.
    #[must_use]
    pub fn wei(self) -> U256 {
        match self {
            Self::NoOracle => U256::ZERO,
            Self::Wei(fee) => fee,
        }
    }
}

/// The most that a transaction of `size` bytes pays for its data.
///
/// # Errors
/// If no endpoint can say.
pub async fn l1_fee_upper_bound(rpc: &Rpc, size: usize) -> Result<L1Fee, RpcError> {
    ask(rpc, &GasPriceOracle::getL1FeeUpperBoundCall { unsignedTxSize: U256::from(size) }).await
}

/// What the serialised transaction `raw` would pay for its data now.
///
/// # Errors
/// If no endpoint can say.
pub async fn l1_fee(rpc: &Rpc, raw: &Bytes) -> Result<L1Fee, RpcError> {
    ask(rpc, &GasPriceOracle::getL1FeeCall { data: raw.clone() }).await
}

async fn ask<C: SolCall<Return = U256>>(rpc: &Rpc, call: &C) -> Result<L1Fee, RpcError> {
    if rpc.has_gas_price_oracle().await? {
        rpc.view(GAS_PRICE_ORACLE, call).await.map(L1Fee::Wei)
    } else {
        Ok(L1Fee::NoOracle)
    }
}
