//! Groth16 over BN254 for systems whose rows all say A·B = 0.

pub(crate) mod domain;
mod keys;
pub(crate) mod msm;
mod prove;
pub(crate) mod scalars;
mod setup;

pub use keys::{KeyError, ProvingKey};
pub use prove::ProveError;
pub use setup::development_setup;
