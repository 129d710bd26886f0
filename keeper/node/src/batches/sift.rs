//! A bad leaf is slashed, whoever is to blame: every receipt is judged as the chain would, before it is posted.

use std::{
    collections::{BTreeSet, HashMap},
    sync::atomic::Ordering::Relaxed,
};

use alloy::primitives::Address;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use opg_receipts::{MODE_OPERATOR_SIGNED, receipt_domain};
use opg_store::batches::{self, Waiting};

use super::{BatchesConfig, BatchesRole};
use crate::{LedgerError, ServiceError};

/// Reads of the chain at once.
const PARALLEL: usize = 16;

impl BatchesRole {
    /// Those of `waiting` that the chain holds for valid; the others are given up.
    pub(super) async fn sift(&self, waiting: Vec<Waiting>) -> Result<Vec<Waiting>, ServiceError> {
        let times: BTreeSet<u64> = waiting.iter().map(|row| row.signed.receipt().issuedAt).collect();
        // The operator can be jailed, or change its key, in any second.
        let reads = times.into_iter().map(|time| async move {
            let key = self.parts.ledger.signer_of(self.config.operator, time).await?;
            Ok::<_, LedgerError>((time, key))
        });
        let keys: HashMap<u64, Option<Address>> =
            stream::iter(reads).buffer_unordered(PARALLEL).try_collect().await?;
        let settings = self.config.clone();
        let judged = tokio::task::spawn_blocking(move || judge(&settings, &keys, waiting)).await;
        let (fit, bad) = judged.map_err(|error| ServiceError::Recoverable(error.to_string()))?;
        if !bad.is_empty() {
            self.parts.store.write(|tx| batches::discard(tx, &bad))?;
            self.metrics.invalid.fetch_add(bad.len() as u64, Relaxed);
            tracing::error!(
                receipts = bad.len(),
                "receipts were signed while the operator was not active with this key; they will be in no batch"
            );
        }
        Ok(fit)
    }
}

/// Those that are valid, and the rows of those that are not.
fn judge(
    config: &BatchesConfig,
    keys: &HashMap<u64, Option<Address>>,
    waiting: Vec<Waiting>,
) -> (Vec<Waiting>, Vec<i64>) {
    let domain = receipt_domain(config.chain_id, config.proof_registry);
    let valid = |row: &Waiting| {
        let receipt = row.signed.receipt();
        let key = keys.get(&receipt.issuedAt).copied().flatten();
        receipt.operator == config.operator
            && receipt.mode == MODE_OPERATOR_SIGNED
            && key.is_some_and(|key| row.signed.verify(&domain, key).is_ok())
    };
    let (fit, bad): (Vec<_>, Vec<_>) = waiting.into_iter().partition(valid);
    (fit, bad.iter().map(|row| row.receipt).collect())
}
