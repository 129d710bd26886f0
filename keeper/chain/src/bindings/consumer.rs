//! The example consumer of the development chain.

#![allow(missing_docs)] // Generated: the documentation is the NatSpec of contracts/examples/AskModel.sol.

alloy::sol! {
    #[derive(Debug, PartialEq, Eq)]
    AskModel,
    "abi/AskModel.json"
}
