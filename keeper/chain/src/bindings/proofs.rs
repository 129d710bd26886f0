//! The registry of proofs.

#![allow(missing_docs)] // Generated: the documentation is the NatSpec of contracts/interfaces/IProofRegistry.sol.

alloy::sol! {
    #[derive(Debug, PartialEq, Eq)]
    IProofRegistry,
    "abi/IProofRegistry.json"
}
