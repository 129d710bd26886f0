//! Fees: who divides them, and what a compute unit costs.

// Generated: the documentation is the NatSpec of contracts/interfaces/IFeeRouter.sol and IFeeMarket.sol.
#![allow(missing_docs, clippy::too_many_arguments)]

alloy::sol! {
    #[derive(Debug, PartialEq, Eq)]
    IFeeRouter,
    "abi/IFeeRouter.json"
}

alloy::sol! {
    #[derive(Debug, PartialEq, Eq)]
    IFeeMarket,
    "abi/IFeeMarket.json"
}
