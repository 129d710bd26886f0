//! `opg tx …`

use alloy::{hex, primitives::B256};
use opg_store::journal::{self, Asked, Details, IntentId, IntentRecord, IntentState};
use serde_json::json;

use crate::{
    args::TxCommand,
    config::{Config, units::Eth},
    context,
    error::{CliError, CliResult, Code},
    output::{Output, fields, table},
    text::{age, moment, now},
};

/// Lists, shows or changes transactions.
pub(super) fn run(command: &TxCommand, config: &Config, output: Output) -> CliResult {
    match command {
        TxCommand::List { all, limit } => list(config, *all, *limit, output),
        TxCommand::Show { id } => show(config, *id, output),
        TxCommand::Bump { id, dry_run } => ask(config, *id, dry_run.dry_run, Wish::Bump, output),
        TxCommand::Cancel { id, dry_run } => ask(config, *id, dry_run.dry_run, Wish::Cancel, output),
    }
}

fn list(config: &Config, all: bool, limit: u32, output: Output) -> CliResult {
    let store = context::store(config)?;
    let records = store.read(|tx| journal::list(tx, None, all, limit)).map_err(context::state)?;
    output.result(&json!(records), || {
        if records.is_empty() {
            return if all { "no transactions" } else { "no open transactions (--all lists ended ones)" }
                .to_owned();
        }
        let rows: Vec<_> = records.iter().map(row).collect();
        table(&["ID", "STATE", "NONCE", "AGE", "PURPOSE", "HASH OR REASON"], &rows)
    });
    Ok(())
}

fn row(record: &IntentRecord) -> Vec<String> {
    let (state, detail) = describe(&record.state);
    vec![
        record.id.to_string(),
        state.to_owned(),
        record.nonce.map_or_else(|| "-".to_owned(), |nonce| nonce.to_string()),
        age(record.created_at),
        record.intent.purpose.clone(),
        detail.or_else(|| record.hold.clone()).unwrap_or_default(),
    ]
}

fn describe(state: &IntentState) -> (&'static str, Option<String>) {
    match state {
        IntentState::Queued => ("queued", None),
        IntentState::Prepared => ("prepared", None),
        IntentState::Broadcast => ("broadcast", None),
        IntentState::Mined { hash, .. } => ("mined", Some(hash.to_string())),
        IntentState::Confirmed { hash, success: true, .. } => ("confirmed", Some(hash.to_string())),
        IntentState::Confirmed { hash, success: false, .. } => ("reverted", Some(hash.to_string())),
        IntentState::Failed { reason } => ("failed", Some(reason.clone())),
    }
}

fn details(config: &Config, id: u64) -> CliResult<(opg_store::Store, Details)> {
    let store = context::store(config)?;
    let unknown = || {
        CliError::new(
            Code::TransactionUnknown,
            format!("transaction {id}"),
            "there is none with this number",
            "`opg tx list --all` shows those that exist",
        )
    };
    let number = IntentId(i64::try_from(id).map_err(|_| unknown())?);
    let all = store.read(|tx| journal::list(tx, None, true, u32::MAX)).map_err(context::state)?;
    if !all.iter().any(|record| record.id == number) {
        return Err(unknown());
    }
    let details = store.read(|tx| journal::show(tx, number)).map_err(context::state)?;
    Ok((store, details))
}

fn show(config: &Config, id: u64, output: Output) -> CliResult {
    let (_, details) = details(config, id)?;
    output.result(&json!(details), || {
        let record = &details.record;
        let (state, detail) = describe(&record.state);
        let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let mut text = fields(&[
            ("transaction", record.id.to_string()),
            ("purpose", record.intent.purpose.clone()),
            ("key", record.intent.key.clone()),
            ("state", [Some(state.to_owned()), detail].into_iter().flatten().collect::<Vec<_>>().join(" ")),
            ("waits because", or_none(record.hold.clone())),
            ("cancelled because", or_none(record.cancel.clone())),
            ("from", record.signer.to_string()),
            ("to", record.intent.to.to_string()),
            ("selector", hex::encode_prefixed(record.intent.calldata.get(..4).unwrap_or_default())),
            ("deadline", or_none(record.intent.deadline.map(moment))),
            ("cost at most", or_none(record.intent.max_cost.map(|cost| Eth(cost).to_string()))),
            ("created", moment(record.created_at)),
            ("closed", or_none(record.closed_at.map(moment))),
        ]);
        for slot in &details.slots {
            for attempt in &slot.attempts {
                text.push_str(&format!(
                    "\n  nonce {}  {}  {:?}  sent {} times  max fee {}{}",
                    slot.nonce,
                    attempt.hash,
                    attempt.kind,
                    attempt.sends,
                    Eth(alloy::primitives::U256::from(attempt.max_fee)),
                    attempt.error.as_ref().map_or_else(String::new, |error| format!("  {error}")),
                ));
            }
        }
        text
    });
    Ok(())
}

/// What the operator can ask of the journal.
#[derive(Clone, Copy, Debug)]
enum Wish {
    Bump,
    Cancel,
}

fn ask(config: &Config, id: u64, dry_run: bool, wish: Wish, output: Output) -> CliResult {
    let (store, details) = details(config, id)?;
    let number = details.record.id;
    let asked = if dry_run {
        foresee(&details.record.state, wish)
    } else {
        store
            .write(|tx| match wish {
                Wish::Bump => journal::request_bump(tx, number, now()),
                Wish::Cancel => journal::request_cancel(tx, number, "cancelled by the operator", now()),
            })
            .map_err(context::state)?
    };
    let refuse = |reason: &str, remedy: &str| {
        Err(CliError::new(Code::TransactionState, format!("transaction {id}"), reason, remedy))
    };
    match asked {
        Asked::Mined => {
            return refuse("is mined already", "`opg tx show` has its hash; nothing can replace it any more");
        }
        Asked::Ended => return refuse("has ended", "`opg tx show` tells how"),
        Asked::NothingSent => {
            return refuse(
                "was not sent yet, so there is nothing to replace",
                "`opg tx show` tells what it waits for",
            );
        }
        Asked::Done | Asked::Noted => {}
    }
    let hashes: Vec<B256> =
        details.slots.iter().flat_map(|slot| slot.attempts.iter().map(|attempt| attempt.hash)).collect();
    let value = json!({ "id": id, "asked": asked, "dryRun": dry_run, "hashes": hashes });
    output.result(&value, || {
        let what = match wish {
            Wish::Bump => "replaced at a higher fee",
            Wish::Cancel => "given up",
        };
        match (dry_run, asked) {
            (true, _) => format!("Transaction {id} would be {what}."),
            (false, Asked::Done) => format!("Transaction {id} is {what}; nothing had been sent."),
            (false, _) => format!("Transaction {id} will be {what} by the running keeper."),
        }
    });
    Ok(())
}

/// What asking would give, without asking.
fn foresee(state: &IntentState, wish: Wish) -> Asked {
    match (state, wish) {
        (IntentState::Queued, Wish::Bump) => Asked::NothingSent,
        (IntentState::Queued, Wish::Cancel) => Asked::Done,
        (IntentState::Prepared | IntentState::Broadcast, _) => Asked::Noted,
        (IntentState::Mined { .. }, _) => Asked::Mined,
        (IntentState::Confirmed { .. } | IntentState::Failed { .. }, _) => Asked::Ended,
    }
}
