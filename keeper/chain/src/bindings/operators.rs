//! The registry of operators.

#![allow(missing_docs)] // Generated: the documentation is the NatSpec of contracts/interfaces/IBondedOperators.sol.

alloy::sol! {
    #[derive(Debug, PartialEq, Eq)]
    BondedOperators,
    "abi/BondedOperators.json"
}
