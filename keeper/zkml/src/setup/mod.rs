//! Keys that no single person could forge with: a setup by several contributors on top of a public powers-of-tau ceremony.
//!
//! The first phase, powers of a secret τ with α and β, is the same for all circuits and is read from a file of snarkjs
//! ([`Powers::read`]). The second multiplies δ by a secret of each contributor ([`Ceremony`]). Proofs can be forged only by
//! somebody who knows all secrets of one of the phases.

mod attestation;
mod ceremony;
mod contribution;
mod error;
mod file;
mod initial;
mod powers;
mod ptau;
mod verify;

pub use attestation::{SetupKind, attestation_digest, commitment};
pub use ceremony::{Ceremony, Finished};
pub use contribution::{Contribution, Secret};
pub use error::SetupError;
pub use powers::Powers;
