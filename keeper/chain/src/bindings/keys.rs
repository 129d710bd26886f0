//! The keys that proofs of execution are checked with.

#![allow(missing_docs)] // Generated: the documentation is the NatSpec of contracts/interfaces/IVerifyingKeys.sol.

alloy::sol! {
    #[derive(Debug, PartialEq, Eq)]
    IVerifyingKeys,
    "abi/IVerifyingKeys.json"
}
