#![doc = include_str!("../README.md")]

pub mod allocation;
pub mod amount;
pub mod calendar;
mod decimal;
pub mod genesis;
mod lines;
pub mod merkle;
mod schedule;
pub mod svg;

pub use genesis::{
    AirdropEntry, Beneficiaries, CategoryEntry, ContractAddresses, GenesisError, GenesisFiles, Manifest,
};
pub use schedule::{Claim, Curve, Schedule};
