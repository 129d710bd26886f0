#![doc = include_str!("../README.md")]

pub mod allocation;
pub mod amount;
mod decimal;
pub mod genesis;
mod lines;
pub mod merkle;
mod schedule;

pub use genesis::{
    AirdropEntry, Beneficiaries, CategoryEntry, ContractAddresses, GenesisError, GenesisFiles, Manifest,
};
pub use schedule::{Claim, Curve, Schedule};
