//! What the chain has decided about each nonce since the last pass.

use opg_store::journal::{
    self as table, Attempt, AttemptKind, Ending, Fate, Inclusion, IntentState, Slot, SlotState,
};

use super::{
    JournalError,
    locate::{Finding, locate},
    pass::{Pass, Watched},
};

/// Compares every watched nonce with the chain. An error with one of them does not keep the others from being looked at.
pub(super) async fn settle(pass: &mut Pass<'_>, watched: &[Watched]) -> Result<(), JournalError> {
    let mut behind = false;
    let mut first_error = None;
    for one in watched {
        let outcome = match &one.slot.state {
            SlotState::Open if pass.count > one.slot.nonce => find(pass, &one.slot).await,
            SlotState::Open => Ok(()),
            SlotState::Mined(at) | SlotState::Foreign(at) => {
                behind |= at.block > pass.head.number;
                keep_watching(pass, one, at).await
            }
        };
        match outcome {
            Err(error) if error.is_retryable() => {
                first_error.get_or_insert(error);
            }
            other => other?,
        }
    }
    pass.memory.behind = if behind { pass.memory.behind.or(Some(pass.now)) } else { None };
    first_error.map_or(Ok(()), Err)
}

/// The nonce is used: by one of our hashes, or demonstrably by somebody else.
async fn find(pass: &mut Pass<'_>, slot: &Slot) -> Result<(), JournalError> {
    if find_receipt(pass, slot).await? {
        return Ok(());
    }
    // A missing receipt proves nothing: the node may lag. Only naming the transaction that used the nonce does.
    if let Some(Finding::Foreign(inclusion)) = locate(pass, slot).await? {
        tracing::warn!(nonce = slot.nonce, hash = %inclusion.hash, "nonce used by a transaction that is not ours");
        let signer = pass.core.address;
        pass.core.commit(|tx, now| table::mark_foreign(tx, signer, slot.nonce, &inclusion, now))?;
    }
    Ok(())
}

/// Looks for a receipt of any transaction of the nonce and notes the one that lies on the canonical chain.
async fn find_receipt(pass: &mut Pass<'_>, slot: &Slot) -> Result<bool, JournalError> {
    for attempt in slot.attempts.iter().rev() {
        let Some(mined) = pass.core.rpc.receipt(attempt.hash).await? else { continue };
        if pass.canonical(mined.block).await? != Some(mined.block_hash) {
            continue;
        }
        let inclusion = Inclusion {
            hash: attempt.hash,
            block: mined.block,
            block_hash: mined.block_hash,
            success: mined.success,
        };
        tracing::info!(
            nonce = slot.nonce, hash = %attempt.hash, block = mined.block, success = mined.success, "transaction mined"
        );
        let signer = pass.core.address;
        pass.core.commit(|tx, now| {
            table::mark_mined(tx, signer, slot.nonce, attempt.kind, &inclusion, now)?;
            if let Some(intent) = slot.intent
                && attempt.kind == AttemptKind::Call
                && depth(pass.head.number, mined.block) >= pass.core.config.confirmations
            {
                table::confirm(tx, intent, now)?;
            }
            Ok(())
        })?;
        return Ok(true);
    }
    Ok(false)
}

/// A mined nonce: still there? Deep enough by now?
async fn keep_watching(pass: &mut Pass<'_>, one: &Watched, at: &Inclusion) -> Result<(), JournalError> {
    let due = due(pass, one, at);
    match pass.canonical(at.block).await? {
        Some(hash) if hash == at.block_hash => due.map_or(Ok(()), |due| apply(pass, one, due)),
        Some(_) => moved(pass, &one.slot).await,
        // A chain shorter than a block we saw is a lagging node at first, and a reorg if it stays so.
        None => match pass.memory.behind {
            Some(since) if pass.now >= since + pass.core.config.behind_patience => {
                moved(pass, &one.slot).await
            }
            _ => Ok(()),
        },
    }
}

/// A reorg removed the block: our transaction is in another one, or due for sending again.
async fn moved(pass: &mut Pass<'_>, slot: &Slot) -> Result<(), JournalError> {
    if find_receipt(pass, slot).await? {
        return Ok(());
    }
    tracing::warn!(nonce = slot.nonce, "a reorg removed what was mined at this nonce");
    let signer = pass.core.address;
    pass.core.commit(|tx, now| table::reopen(tx, signer, slot.nonce, now))
}

/// What the depth of an inclusion allows to conclude.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Confirm,
    Close,
}

fn due(pass: &Pass<'_>, one: &Watched, at: &Inclusion) -> Option<Due> {
    let config = &pass.core.config;
    let depth = depth(pass.head.number, at.block);
    let foreign = matches!(one.slot.state, SlotState::Foreign(_));
    // Bytes that nobody else can hold cannot come back, so somebody else's use of the nonce need not be final.
    let exposed = one.slot.attempts.iter().any(|attempt| attempt.fate != Fate::Refused);
    let final_depth = if foreign && !exposed { config.confirmations } else { config.finality };
    if depth >= final_depth {
        return Some(Due::Close);
    }
    let waits = matches!(one.intent.as_ref().map(|intent| &intent.state), Some(IntentState::Mined { .. }));
    (waits && depth >= config.confirmations).then_some(Due::Confirm)
}

fn apply(pass: &Pass<'_>, one: &Watched, due: Due) -> Result<(), JournalError> {
    let signer = pass.core.address;
    let Watched { slot, intent } = one;
    pass.core.commit(|tx, now| {
        if let (Some(intent), SlotState::Mined(_)) = (intent, &slot.state) {
            table::confirm(tx, intent.id, now)?;
        }
        if due == Due::Confirm {
            return Ok(());
        }
        let ending = intent.as_ref().map(|intent| {
            let given_up = intent.cancel.as_deref();
            let ending = match &slot.state {
                SlotState::Mined(at) if kind_of(slot, at) == Some(AttemptKind::Call) => Ending::Kept,
                SlotState::Foreign(_) if given_up.is_none() => Ending::Requeued,
                _ => Ending::Failed(given_up.unwrap_or("cancelled")),
            };
            (intent.id, ending)
        });
        table::close(tx, signer, slot.nonce, ending, now)
    })
}

fn kind_of(slot: &Slot, at: &Inclusion) -> Option<AttemptKind> {
    let attempt: Option<&Attempt> = slot.attempts.iter().find(|attempt| attempt.hash == at.hash);
    attempt.map(|attempt| attempt.kind)
}

/// Blocks on top of and including the one at `block`.
const fn depth(head: u64, block: u64) -> u64 {
    if head < block { 0 } else { head - block + 1 }
}
