//! The only place that hands a transaction to the network.

use opg_store::journal::{self as table, Attempt, AttemptKind, Fate, IntentId};

use super::{Alert, JournalError, pass::Pass, refusal::Refusal};
use crate::rpc_trait::RpcError;

/// Whether the bytes can be known to anybody else before this send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exposure {
    /// Signed a moment ago by this very pass.
    Fresh,
    /// Perhaps sent before, perhaps by a process that died without remembering.
    Possible,
}

/// Sends signed bytes that are durable, and makes the answer durable.
pub(super) async fn broadcast(
    pass: &mut Pass<'_>,
    nonce: u64,
    intent: Option<IntentId>,
    attempt: &Attempt,
    exposure: Exposure,
) -> Result<(), JournalError> {
    let (rpc, signer) = (&pass.core.rpc, pass.core.address);
    let mut before = attempt.fate;
    if before == Fate::Refused {
        // A crash right after a send that succeeds must not leave the bytes marked as nobody else's.
        before = Fate::Unknown;
        pass.core.commit(|tx, now| table::record_send(tx, attempt.id, before, None, now))?;
    }
    #[expect(clippy::disallowed_methods, reason = "the journal is where transactions are sent")]
    let answer = rpc.send_raw(&attempt.raw).await;
    let error = match answer {
        Ok(_) => None,
        Err(error) if Refusal::of(&error) == Refusal::AlreadyKnown => None,
        Err(error) => Some(error),
    };
    let refusal = error.as_ref().map(Refusal::of);
    let text = error.as_ref().map(ToString::to_string);
    let fate = fate(before, error.as_ref(), exposure);
    // Bytes that no node will ever take would block every later nonce.
    let hopeless = intent.filter(|_| refusal == Some(Refusal::Invalid) && attempt.kind == AttemptKind::Call);
    pass.core.commit(|tx, now| {
        table::record_send(tx, attempt.id, fate, text.as_deref(), now)?;
        if let (Some(intent), Some(text)) = (hopeless, &text) {
            table::request_cancel(tx, intent, text, now)?;
        }
        Ok(())
    })?;
    tracing::info!(
        %signer, nonce, hash = %attempt.hash, kind = ?attempt.kind, max_fee = attempt.max_fee, error = text,
        "transaction sent"
    );
    note(pass, nonce, attempt, refusal, text);
    Ok(())
}

fn note(pass: &mut Pass<'_>, nonce: u64, attempt: &Attempt, refusal: Option<Refusal>, text: Option<String>) {
    let Some(refusal) = refusal else {
        pass.memory.refusals.remove(&nonce);
        pass.memory.pooled.insert(nonce, pass.now);
        return;
    };
    pass.memory.refusals.insert(nonce, refusal);
    let message = text.unwrap_or_default();
    match refusal {
        Refusal::InsufficientFunds => {
            let (balance, needed) = (pass.balance, attempt.cost_bound());
            pass.alert(Alert::InsufficientFunds { balance, needed });
        }
        Refusal::Invalid => pass.alert(Alert::Refused { nonce, message }),
        Refusal::Unclear => pass.alert(Alert::RpcUnreachable { reason: message }),
        Refusal::Underpriced | Refusal::NonceTooLow | Refusal::AlreadyKnown => {}
    }
}

/// Once somebody may hold the bytes, nothing makes that undone: only a refusal of the very first send, seen by the process
/// that signed, proves that nobody does.
const fn fate(before: Fate, error: Option<&RpcError>, exposure: Exposure) -> Fate {
    match (before, error, exposure) {
        (_, None, _) | (Fate::Accepted, _, _) => Fate::Accepted,
        (_, Some(RpcError::Unreachable { .. }), _) | (_, Some(_), Exposure::Possible) => Fate::Unknown,
        (_, Some(_), Exposure::Fresh) => Fate::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refused_first_send_proves_that_nobody_holds_the_bytes() {
        let refused = RpcError::Refused { method: "send", code: 0, message: "nonce too low".into() };
        let silent = RpcError::Unreachable { method: "send", reason: "reset".into() };
        assert_eq!(fate(Fate::Unknown, Some(&refused), Exposure::Fresh), Fate::Refused);
        assert_eq!(fate(Fate::Unknown, Some(&silent), Exposure::Fresh), Fate::Unknown);
        assert_eq!(fate(Fate::Unknown, Some(&refused), Exposure::Possible), Fate::Unknown);
        assert_eq!(fate(Fate::Accepted, Some(&refused), Exposure::Possible), Fate::Accepted);
        assert_eq!(fate(Fate::Unknown, None, Exposure::Possible), Fate::Accepted);
    }
}
