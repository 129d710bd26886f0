//! Receipts in Merkle batches.
//!
//! A receipt begins to wait in the transaction that makes it fit to be shown. [`seal`] takes waiting receipts into a
//! batch and hands its transaction to the journal, all at once; a batch whose transaction certainly never reaches the
//! chain is dissolved by [`dissolve`], and its receipts wait again. So each receipt is in one batch at most, and none is
//! lost between two steps. Final batches are pruned step by step by [`prune`], where the operator wants that.

mod chain;
mod demands;
mod leaves;
mod model;
mod prune;
mod queue;
mod seal;

pub use chain::{Posted, finalise, note_posted, roll_back};
pub use demands::{Demand, close_demand, note_demand, open_demands};
pub use leaves::{PART_HEIGHT, Place, place_of, proof, records};
pub use model::{Batch, BatchId, BatchState, Summary, by_name, pending, posting, summary};
pub use prune::{Pruned, expired_place, next_to_prune, prune, was_pruned};
pub(crate) use queue::begin_to_wait;
pub use queue::{Waiting, discard, drop_late, holds, oldest, waiting};
pub use seal::{Leaf, NewBatch, dissolve, revive, seal};
