//! Rewards for those who serve and those who back them.

#![allow(missing_docs)] // Generated: the documentation is the NatSpec of contracts/interfaces/IRewards.sol.

alloy::sol! {
    #[derive(Debug, PartialEq, Eq)]
    IRewards,
    "abi/IRewards.json"
}
