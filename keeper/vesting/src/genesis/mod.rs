//! Genesis files: what the deployment commits to and everybody can derive again. See `docs/genesis.md`.

mod build;
mod derive;
mod error;
mod files;
mod leaf;
mod manifest;
mod plan;
mod rows;
mod sink;
mod trees;
mod verify;

pub use build::{build, preview};
pub use derive::{Observer, Stage, Step};
pub use error::GenesisError;
pub use files::{ClaimRows, ContractAddresses, GenesisFiles, ScheduleRows};
pub use manifest::{AirdropEntry, Beneficiaries, CategoryEntry, MANIFEST, Manifest, VERSION};
pub use verify::verify;
