//! Keys of the journal for commands that may be repeated on purpose, but not by accident.

use alloy::primitives::Address;
use opg_chain::journal::{self, IntentState};
use opg_store::Store;

use crate::{
    context,
    error::{CliError, CliResult, Code},
    text::{age, now},
};

/// Seconds within which the same command is taken for an accident: a lost connection, the key for the last command.
const ACCIDENT: u64 = 600;

/// The key for doing `stem` now. While the same is under way that is its key, so that a command which was cut off goes on
/// waiting for what it began. `again` says whether what is done already may be done once more; `None`: always, because
/// repeating it changes nothing.
pub(super) fn key(store: &Store, account: Address, stem: &str, again: Option<bool>) -> CliResult<String> {
    let mut number = 1_u64;
    let mut last = None;
    let found = store.read(|tx| {
        loop {
            let key = format!("{stem}:{number}");
            match journal::find(tx, account, &key)? {
                Some(id) => last = Some((key, journal::record(tx, id)?)),
                None => return Ok::<_, opg_store::StoreError>(key),
            }
            number += 1;
        }
    });
    let next = found.map_err(context::state)?;
    let Some((key, record)) = last else { return Ok(next) };
    match record.state {
        IntentState::Failed { .. } | IntentState::Confirmed { success: false, .. } => Ok(next),
        IntentState::Confirmed { hash, .. } => {
            let recent = now().saturating_sub(record.updated_at) < ACCIDENT;
            if recent && again == Some(false) {
                return Err(CliError::new(
                    Code::Repeated,
                    &record.intent.purpose,
                    format!("was done {} ago, by transaction {hash}", age(record.updated_at)),
                    "add --again to do it once more",
                ));
            }
            Ok(next)
        }
        _ => Ok(key),
    }
}

#[cfg(test)]
mod tests {
    use alloy::primitives::{Bytes, U256};
    use opg_chain::journal::Intent;

    use super::*;

    const ACCOUNT: Address = Address::repeat_byte(1);

    fn enqueue(store: &Store, key: &str) {
        let intent = Intent {
            key: key.to_owned(),
            purpose: "stake 5 OPG".to_owned(),
            to: Address::ZERO,
            calldata: Bytes::new(),
            value: U256::ZERO,
            deadline: None,
            max_cost: None,
        };
        store.write(|tx| journal::enqueue(tx, ACCOUNT, &intent, now())).unwrap();
    }

    fn end(store: &Store, change: &str) {
        let sql = format!("UPDATE journal_intents SET {change}");
        store.write(|tx| Ok::<_, opg_store::StoreError>(tx.execute(&sql, [])?)).unwrap();
    }

    #[test]
    fn what_is_under_way_is_joined_and_what_failed_is_tried_anew() {
        let store = Store::in_memory().unwrap();
        let next = |again| key(&store, ACCOUNT, "stake:5", again);
        assert_eq!(next(Some(false)).unwrap(), "stake:5:1");
        enqueue(&store, "stake:5:1");
        assert_eq!(next(Some(false)).unwrap(), "stake:5:1");
        end(&store, "state = 'failed', reason = 'x', closed_at = 1");
        assert_eq!(next(Some(false)).unwrap(), "stake:5:2");
    }

    #[test]
    fn what_was_just_done_is_not_done_again_by_accident() {
        let store = Store::in_memory().unwrap();
        let next = |again| key(&store, ACCOUNT, "stake:5", again);
        enqueue(&store, "stake:5:1");
        end(&store, "state = 'confirmed', nonce = 1, tx_hash = zeroblob(32), block = 1, success = 1");
        let refused = next(Some(false)).unwrap_err().to_string();
        assert!(refused.contains("--again") && refused.contains("stake 5 OPG"), "{refused}");
        assert_eq!(next(Some(true)).unwrap(), "stake:5:2");
        assert_eq!(next(None).unwrap(), "stake:5:2");
        end(&store, "updated_at = updated_at - 601");
        assert_eq!(next(Some(false)).unwrap(), "stake:5:2");
        // Another account's transactions do not count.
        assert_eq!(key(&store, Address::ZERO, "stake:5", Some(false)).unwrap(), "stake:5:1");
    }
}
