//! Requests over HTTP: payments and receipts.
//!
//! A payment is [`hold`]-ed for one request before anything is done for it, and stays bound to that request for ever. It
//! is settled by an intent of the transaction journal, enqueued in the transaction that marks it ([`settle`]). A receipt
//! is written once, before the last byte of its answer leaves, and is shown only when it is released: at once, or when its
//! payment is settled. From then on it waits for a batch (see [`crate::batches`]).

mod payments;
mod receipts;

pub use payments::{
    Held, NewPayment, Payment, PaymentState, forget_expired, hold, note_failed, note_settled, payment,
    settle, settling,
};
pub(crate) use receipts::release;
pub(crate) use receipts::signed;
pub use receipts::{Answer, Release, answer, released, store};
