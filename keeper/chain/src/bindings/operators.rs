//! The registry of operators.

#![allow(missing_docs)] // Generated: the documentation is the NatSpec of contracts/interfaces/IOperators.sol.

alloy::sol! {
    #[derive(Debug, PartialEq, Eq)]
    IOperators,
    "abi/IOperators.json"
}
