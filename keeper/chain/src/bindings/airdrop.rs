//! The airdrop.

#![allow(missing_docs)] // Generated: the documentation is the NatSpec of contracts/interfaces/IAirdrop.sol.

alloy::sol! {
    #[derive(Debug, PartialEq, Eq)]
    IAirdrop,
    "abi/IAirdrop.json"
}
