//! The reference model of staking and rewards (docs/staking.md, docs/rewards.md), and its replay on the compiled contracts.

pub mod abi;
mod act;
pub mod actions;
pub mod chain;
mod compare;
pub mod model;
pub mod numbers;
pub mod replay;
pub mod rules;
pub mod shrink;
pub mod world;
