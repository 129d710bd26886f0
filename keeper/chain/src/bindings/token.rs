//! The OPG token.

#![allow(missing_docs)] // Generated: the documentation is the NatSpec of contracts/interfaces/IOpg.sol.

alloy::sol! {
    #[derive(Debug, PartialEq, Eq)]
    Opg,
    "abi/Opg.json"
}
