//! Drives the built `opg` as a user does. The modules `e2e_*` need npm's packages and the demo models.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

mod config;
mod e2e_batches;
mod e2e_crank;
mod e2e_demo;
mod e2e_fees;
mod e2e_kill;
mod e2e_proofs;
mod e2e_proxy;
mod e2e_recompute;
mod e2e_reorg;
mod e2e_rewards;
mod e2e_stake;
mod e2e_support;
mod e2e_vesting;
mod genesis;
mod init;
mod interventions;
mod support;
mod verbs;
mod vesting;
mod zk;
mod zk_setup;
