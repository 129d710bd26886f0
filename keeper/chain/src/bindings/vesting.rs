//! The vault that holds all OPG which is not released yet.

#![allow(missing_docs)] // Generated: the documentation is the NatSpec of contracts/interfaces/IVestingVault.sol.

alloy::sol! {
    #[derive(Debug, PartialEq, Eq)]
    IVestingVault,
    "abi/IVestingVault.json"
}
