#![doc = include_str!("README.md")]

mod admit;
mod clock;
mod config;
mod error;
mod fees;
mod gaps;
mod lineage;
mod locate;
mod observe;
mod pass;
mod refusal;
mod send;
mod service;
mod sign;
mod status;
mod upkeep;

pub use clock::{Clock, SystemClock};
pub use config::{JournalConfig, LatePolicy, TRANSACTION_GAS_CAP};
pub use error::JournalError;
pub use fees::{FeePolicy, Fees, Market};
pub use opg_store::journal::{
    Asked, Attempt, AttemptKind, Details, Fate, Intent, IntentId, IntentRecord, IntentState, Slot, SlotState,
    Transaction, alert, counts, enqueue, find, list, newest, outcome, record, request_bump, request_cancel,
    show,
};
pub use service::{Journal, Waker};
pub use status::{Alert, Status};
