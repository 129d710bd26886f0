//! Tables of the transaction journal. The rules that move an intent forward live in `opg-chain`; what is guaranteed here
//! is that each change is guarded by the state it starts from and applies to an intent and its nonce together.

mod attempts;
mod codec;
mod control;
mod fates;
mod intents;
mod slots;
mod types;

pub use attempts::{insert_attempt, record_send};
pub use control::{
    Asked, Details, alert, bind_signer, counts, list, request_bump, request_cancel, set_alert, show,
};
pub use fates::{Ending, close, confirm, mark_foreign, mark_mined, reopen};
pub use intents::{enqueue, fail_queued, find, newest, outcome, queued, record, set_hold};
pub use rusqlite::Transaction;
pub use slots::{Known, assign, assign_filler, known, next_nonce, of_intent, release, watched};
pub use types::{
    Attempt, AttemptKind, Fate, Inclusion, Intent, IntentId, IntentRecord, IntentState, NewAttempt, Slot,
    SlotState,
};
