//! The registry of models.

#![allow(missing_docs)] // Generated: the documentation is the NatSpec of contracts/interfaces/IModelRegistry.sol.

alloy::sol! {
    #[derive(Debug, PartialEq, Eq)]
    IModelRegistry,
    "abi/IModelRegistry.json"
}
