//! Groth16 over BN254 for systems whose rows all say A·B = 0.

mod domain;
mod keys;
mod msm;
mod prove;
mod scalars;
mod setup;

pub use keys::{KeyError, ProvingKey};
pub use prove::ProveError;
pub use setup::development_setup;
