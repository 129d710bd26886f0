//! Payment channels: what payers signed, what was charged, what was claimed.
//!
//! A voucher is held for one request before anything is done for it ([`Holds`]); [`charge`] books the fee in the transaction
//! that stores the answer, so that the best voucher and what it pays for are durable together. What can be claimed is what
//! was charged, as far as vouchers and balance cover it, less what the chain says was claimed: a claim that fails, or is
//! undone, is made again without anybody having to remember it.

mod claims;
mod holds;
mod model;
mod moves;
mod vouchers;

pub use claims::{
    NewClaim, OpenClaim, claimable, end_claim, fail_claim, in_claim, make_claim, open_claims, refuse,
};
pub use holds::{Hold, Holds, KeptOut, NewVoucher, Refusal};
pub use model::{Channel, Ledger, Seen, Terms, all, by_id, known, ledger, live, note_seen, receivers};
pub use moves::{deposit, enqueue_deposit, enqueue_refund, note_refunded, refunds};
pub use vouchers::{Use, charge, voucher};
