//! Payment channels.

#![allow(missing_docs)] // Generated: the documentation is the NatSpec of contracts/interfaces/IBatchSettlement.sol.

alloy::sol! {
    #[derive(Debug, PartialEq, Eq)]
    IBatchSettlement,
    "abi/IBatchSettlement.json"
}
