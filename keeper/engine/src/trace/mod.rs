//! What an answer commits to, and how it is checked again.

mod chain;
mod expect;
mod profile;
mod verdict;

pub(crate) use chain::{Chain, NAME};
pub(crate) use profile::Arithmetic;
pub use profile::Profile;
pub use verdict::{Difference, Gaps, Verdict};
