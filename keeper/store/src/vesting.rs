//! Index of the vault's schedules, filled once from a genesis and kept up with what the vault says.
//!
//! A row is looked at again only when its `look_at` has come, so that a pass over a million schedules reads those few
//! that something can have happened to.

mod due;
mod fill;
mod flight;
mod model;

pub use due::{Summary, due, look_again, observe, page, summary};
pub use fill::{begin, filled, finish, genesis_of, insert, is_complete, policy, set_policy};
pub use flight::{LastRelease, in_flight, mark, note_release, of_intent, settle};
pub use model::{CategoryTerms, GenesisId, Known, Look, ScheduleRow};
