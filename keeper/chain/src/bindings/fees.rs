//! Fees: who divides them, and what a compute unit costs.

#![allow(missing_docs)] // Generated: the documentation is the NatSpec of contracts/interfaces/IFeeRouter.sol and IFeeMarket.sol.

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
