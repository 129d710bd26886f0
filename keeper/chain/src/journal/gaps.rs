//! Nonces that nobody uses although we hold higher ones: nothing above them can be mined until they are filled.

use opg_store::journal::{self as table, Known};

use super::{Alert, JournalError, pass::Pass};

/// Takes the nonce the chain waits for if nothing of ours will fill it and it has been so for a while.
pub(super) fn close(pass: &mut Pass<'_>) -> Result<(), JournalError> {
    let (signer, count) = (pass.core.address, pass.count);
    let (next, known) = pass.core.store.read(|tx| {
        Ok::<_, opg_store::StoreError>((table::next_nonce(tx, signer)?, table::known(tx, signer, count)?))
    })?;
    if next <= count || known == Known::Watched {
        pass.memory.gap = None;
        return Ok(());
    }
    if known == Known::ClosedOurs {
        pass.memory.gap = None;
        pass.alert(Alert::ChainBehind { nonce: count });
        return Ok(());
    }
    // A lagging node asks for a nonce that is long used: give it time before spending anything.
    let since = match pass.memory.gap {
        Some((nonce, since)) if nonce == count => since,
        _ => {
            pass.memory.gap = Some((count, pass.now));
            pass.now
        }
    };
    if pass.now >= since + pass.core.config.gap_patience {
        tracing::warn!(nonce = count, "filling a nonce that nobody uses");
        let head = pass.head.number;
        pass.core.commit(|tx, _| table::assign_filler(tx, signer, count, head))?;
        pass.memory.gap = None;
    }
    Ok(())
}
