//! The hub of on-chain requests.

#![allow(missing_docs)] // Generated: the documentation is the NatSpec of contracts/interfaces/IInferenceHub.sol.

alloy::sol! {
    #[derive(Debug, PartialEq, Eq)]
    IInferenceHub,
    "abi/IInferenceHub.json"
}
