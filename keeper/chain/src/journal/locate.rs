//! Which transaction used a nonce: found by naming it, never concluded from a receipt that is missing.

use opg_store::journal::{Inclusion, Slot};

use super::{Alert, JournalError, pass::Pass};
use crate::rpc_trait::RpcError;

/// Whose transaction used the nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// One of ours; its receipt is on the way.
    Ours,
    /// Not one of ours.
    Foreign(Inclusion),
}

/// Searches the block in which the account's transaction count passed the nonce. `None` if the node's answers do not fit
/// together, as those of a lagging one do not.
pub(super) async fn locate(pass: &mut Pass<'_>, slot: &Slot) -> Result<Option<Finding>, JournalError> {
    match search(pass, slot).await {
        Err(JournalError::Rpc(RpcError::Refused { message, .. })) => {
            pass.alert(Alert::Unidentified { nonce: slot.nonce, message });
            Ok(None)
        }
        other => other,
    }
}

async fn search(pass: &mut Pass<'_>, slot: &Slot) -> Result<Option<Finding>, JournalError> {
    let (rpc, account) = (&pass.core.rpc, pass.core.address);
    let mut high = pass.head.number;
    if rpc.transaction_count_at(account, high).await? <= slot.nonce {
        return Ok(None);
    }
    // The nonce was unused at `assigned_block`, unless a reorg has moved its use to before.
    let mut low = slot.assigned_block.min(high);
    let mut step = 1;
    while rpc.transaction_count_at(account, low).await? > slot.nonce {
        if low == 0 {
            return Ok(None);
        }
        high = low;
        low = low.saturating_sub(step);
        step *= 2;
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if rpc.transaction_count_at(account, middle).await? > slot.nonce {
            high = middle;
        } else {
            low = middle;
        }
    }
    let sent = rpc.transactions_from(account, high).await?;
    let Some(used) = sent.iter().find(|sent| sent.nonce == slot.nonce) else { return Ok(None) };
    if slot.attempts.iter().any(|attempt| attempt.hash == used.hash) {
        return Ok(Some(Finding::Ours));
    }
    if pass.canonical(high).await? != Some(used.block_hash) {
        return Ok(None);
    }
    Ok(Some(Finding::Foreign(Inclusion {
        hash: used.hash,
        block: high,
        block_hash: used.block_hash,
        success: true,
    })))
}
