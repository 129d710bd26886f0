//! Jobs: what the keeper does about each on-chain request, as a state machine.
//!
//! ```text
//! Seen → Accepted → Running → Answered → Submitted → Succeeded
//! ```
//! with the ends `Declined`, `Failed` and `Expired`, and `Withdrawn` for a request that a reorganisation took off the
//! chain. [`JobState::can_become`] is the whole table. Every function here does one guarded change inside the caller's
//! transaction: called in another state it fails with [`StoreError::WrongState`] and changes nothing.
//!
//! What the chain says about the end of a request is noted at once ([`note_settlement`]) and stops all work on it, but
//! only becomes the job's final state when it is deep enough ([`finish_settled`]). So a final state is never undone.

mod answer;
mod intake;
mod model;
mod outcome;
mod query;
mod queue;
mod rows;
mod state;
mod submission;

pub use answer::{Answer, answer, renew, stored_answer};
pub use intake::{NewJob, Sighting, note_settlement, roll_back, see};
pub use model::{Job, JobId, Lease, Offer, Settlement, Stages};
pub use outcome::{accept, cancel, decline, expire_overdue, fail, finish_settled, retry};
pub use query::{Filter, by_request, count_by_state, find, get, input, list, ready};
pub use queue::{Claim, claim, give_up, hand_back, heartbeat, put_back, release_all};
pub use state::JobState;
pub use submission::{note_broadcast, postpone, reopen, submit};
