//! What an answer commits to, and how it is checked again.

mod chain;
mod profile;
mod verdict;

pub(crate) use chain::{Chain, NAME};
pub use profile::Profile;
pub use verdict::{Difference, Gaps, Verdict};
