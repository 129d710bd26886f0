//! Operators, those who back them, slashes, and the vault that holds the stake.

#![allow(missing_docs)] // Generated: the documentation is the NatSpec of contracts/interfaces/IStaking.sol.

alloy::sol! {
    #[derive(Debug, PartialEq, Eq)]
    IStaking,
    "abi/IStaking.json"
}

alloy::sol! {
    #[derive(Debug, PartialEq, Eq)]
    ICustodyVault,
    "abi/ICustodyVault.json"
}
