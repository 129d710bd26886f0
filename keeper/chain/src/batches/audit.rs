//! What to think of each leaf of a batch. The rules are those of the contract, so that what is found here can be proved
//! there.

use std::collections::{BTreeMap, HashMap, hash_map::Entry};

use alloy::primitives::{Address, B256};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use opg_receipts::{
    InferenceReceipt, MODE_OPERATOR_SIGNED, SignedReceipt,
    batch::{Batch, BatchTree, RECORD_LENGTH, decode_record, leaf_of},
};
use serde::Serialize;

use crate::ledger::{Contracts, LedgerError};

/// Reads of the chain at once.
const PARALLEL: usize = 16;

/// What is wrong with a leaf.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "fault", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum LeafFault {
    /// The record is no signed receipt.
    Unreadable {
        /// Why.
        reason: String,
    },
    /// The receipt is another operator's.
    OtherOperator {
        /// Whose.
        operator: Address,
    },
    /// It was issued outside of the times that the batch claims.
    OutsideTimes {
        /// When.
        issued_at: u64,
    },
    /// Receipts in batches are signed by the operator: no other mode can be judged by the data alone.
    UnsupportedMode {
        /// The mode.
        mode: u8,
    },
    /// The operator was not active when it was issued.
    OperatorInactive,
    /// It is not signed by the operator's key of that time.
    WrongSignature {
        /// Who signed it, if anybody.
        signer: Option<Address>,
    },
    /// Another leaf says something else about the same request.
    Conflict {
        /// The other leaf.
        with: u32,
    },
    /// Another leaf says the same about the same request.
    Repeated {
        /// The other leaf.
        with: u32,
    },
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// Root of the tree over the data.
    pub root: Option<B256>,
    /// Leaves that are readable, with their request and fee.
    pub receipts: Vec<Option<SignedReceipt>>,
    /// What is wrong, by leaf. A leaf that is not here is as it should be.
    pub faults: BTreeMap<u32, LeafFault>,
}

impl Audit {
    /// Whether the batch is what was posted, and every leaf is as it should be.
    #[must_use]
    pub fn holds(&self, batch: &Batch) -> bool {
        self.root == Some(batch.root) && self.faults.is_empty()
    }
}

/// Judges every leaf of `batch`, whose data are `data`.
///
/// # Errors
/// If the chain cannot be read.
pub async fn audit(contracts: &Contracts, batch: &Batch, data: &[u8]) -> Result<Audit, LedgerError> {
    let domain = contracts.receipt_domain();
    let (mut receipts, mut faults, mut leaves) = (Vec::new(), BTreeMap::new(), Vec::new());
    for (index, record) in (0_u32..).zip(data.chunks(RECORD_LENGTH)) {
        match decode_record(record) {
            Ok(signed) => {
                leaves.push(leaf_of(index, batch.count, &signed, &domain));
                receipts.push(Some(signed));
            }
            Err(error) => {
                faults.insert(index, LeafFault::Unreadable { reason: error.to_string() });
                receipts.push(None);
            }
        }
    }
    // A leaf that cannot be read has no hash, and the tree none without it.
    let root = if faults.is_empty() { BatchTree::new(leaves).map(|tree| tree.root()) } else { None };
    let keys = keys(contracts, batch, &receipts).await?;
    let mut seen: HashMap<B256, (u32, &InferenceReceipt)> = HashMap::new();
    for (index, signed) in (0_u32..).zip(&receipts) {
        let Some(signed) = signed else { continue };
        let receipt = signed.receipt();
        let found = alone(batch, signed, &keys, &domain).or_else(|| match seen.entry(receipt.requestId) {
            Entry::Vacant(entry) => {
                entry.insert((index, receipt));
                None
            }
            Entry::Occupied(entry) => {
                let (with, other) = *entry.get();
                let same = InferenceReceipt { issuedAt: other.issuedAt, ..receipt.clone() } == *other;
                Some(if same { LeafFault::Repeated { with } } else { LeafFault::Conflict { with } })
            }
        });
        if let Some(fault) = found {
            faults.insert(index, fault);
        }
    }
    Ok(Audit { root, receipts, faults })
}

/// The operator's keys at the times of issue, as far as those are within the batch's. One read per second that occurs.
async fn keys(
    contracts: &Contracts,
    batch: &Batch,
    receipts: &[Option<SignedReceipt>],
) -> Result<HashMap<u64, Option<Address>>, LedgerError> {
    let times = receipts.iter().flatten().map(|signed| signed.receipt().issuedAt);
    let mut times: Vec<_> = times.filter(|time| (batch.from..=batch.to).contains(time)).collect();
    times.sort_unstable();
    times.dedup();
    let reads = times.into_iter().map(|time| async move {
        Ok::<_, LedgerError>((time, contracts.signer_at(batch.operator, time).await?))
    });
    stream::iter(reads).buffer_unordered(PARALLEL).try_collect().await
}

/// What is wrong with a receipt whatever the others are.
fn alone(
    batch: &Batch,
    signed: &SignedReceipt,
    keys: &HashMap<u64, Option<Address>>,
    domain: &opg_receipts::ReceiptDomain,
) -> Option<LeafFault> {
    let receipt = signed.receipt();
    if receipt.operator != batch.operator {
        return Some(LeafFault::OtherOperator { operator: receipt.operator });
    }
    if !(batch.from..=batch.to).contains(&receipt.issuedAt) {
        return Some(LeafFault::OutsideTimes { issued_at: receipt.issuedAt });
    }
    if receipt.mode != MODE_OPERATOR_SIGNED {
        return Some(LeafFault::UnsupportedMode { mode: receipt.mode });
    }
    let Some(key) = keys.get(&receipt.issuedAt).copied().flatten() else {
        return Some(LeafFault::OperatorInactive);
    };
    match signed.recover(domain) {
        Ok(signer) if signer == key => None,
        Ok(signer) => Some(LeafFault::WrongSignature { signer: Some(signer) }),
        Err(_) => Some(LeafFault::WrongSignature { signer: None }),
    }
}

impl std::fmt::Display for LeafFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreadable { reason } => write!(f, "not a signed receipt: {reason}"),
            Self::OtherOperator { operator } => write!(f, "a receipt of another operator, {operator}"),
            Self::OutsideTimes { issued_at } => {
                write!(f, "issued at {issued_at}, outside of the batch's times")
            }
            Self::UnsupportedMode { mode } => write!(f, "mode {mode}, which the data alone cannot prove"),
            Self::OperatorInactive => f.write_str("the operator was not active when it was issued"),
            Self::WrongSignature { signer: Some(signer) } => {
                write!(f, "signed by {signer}, not by the operator's key of that time")
            }
            Self::WrongSignature { signer: None } => f.write_str("signed by nobody"),
            Self::Conflict { with } => {
                write!(f, "says something else than leaf {with} about the same request")
            }
            Self::Repeated { with } => write!(f, "says the same as leaf {with}"),
        }
    }
}
