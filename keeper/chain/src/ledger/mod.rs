//! What the ledger says: typed reads of the contracts, and results rebuilt and verified from the chain alone.

mod contracts;
mod error;
mod fee_state;
mod fees;
mod fetch;
mod history;
mod inference;
mod proved;
mod registries;
mod rewards;
mod staking;
mod states;
mod verify;

pub use contracts::Contracts;
pub use error::LedgerError;
pub use fee_state::{FeeQuestion, FeeState, MarketState, VaultState};
pub use fees::{UnsettledFees, WaitingFees};
pub use fetch::{Place, RecordedResult};
pub use proved::{PROOF_LENGTH, proved_evidence, registered_key, statement_of};
pub use staking::{OpenUnbond, Pools};
pub use states::{OperatorStatus, Refusal, RequestStatus, TurnParameters};
pub use verify::{Check, MAX_RECEIPT_AGE, verify_result};
