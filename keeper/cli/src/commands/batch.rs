//! `opg verify-batch`: checks a batch of receipts from the chain and the data that its operator serves.

use alloy::primitives::B256;
use opg_chain::{
    batches::{Audit, BatchStatus, DataFault, LeafFault, Limits, PostedBatch, audit, download},
    ledger::{Contracts, LedgerError},
};
use serde_json::{Value, json};

use crate::{
    args::{Cli, VerifyBatchArgs},
    config::units::Opg,
    context::{self, Deployment},
    error::{CliError, CliResult, Code},
    output::{Output, fields},
    text::moment,
};

/// Faults that the text shows; JSON has all.
const SHOWN: usize = 20;

/// Verifies a batch.
pub(super) async fn run(cli: &Cli, args: &VerifyBatchArgs, output: Output) -> CliResult {
    let Deployment { rpc, book } = context::deployment(cli, &args.chain).await?;
    let fail = |error: LedgerError| refused(args.batch, &error);
    let contracts = Contracts::open(rpc, book).await.map_err(fail)?;
    let posted = contracts.fetch_batch(args.batch).await.map_err(fail)?;
    let limits = Limits { bytes: args.max_size.0, time: args.timeout.0 };
    let uri = args.uri.as_deref().unwrap_or(&posted.uri);
    let data = download(&posted.batch, uri, limits).await.map_err(|error| unavailable(args.batch, &error))?;
    let found = audit(&contracts, &posted.batch, &data).await.map_err(fail)?;
    output.result(&document(&posted, &found), || text(&posted, &found));
    if holds(&posted, &found) { Ok(()) } else { Err(invalid(&posted, &found)) }
}

fn holds(posted: &PostedBatch, found: &Audit) -> bool {
    posted.status != BatchStatus::Void && found.holds(&posted.batch)
}

fn refused(batch: B256, error: &LedgerError) -> CliError {
    let (code, remedy) = match error {
        LedgerError::UnknownBatch { .. } => (
            Code::BatchUnknown,
            "check the id, the chain and the address book; a receipt's batch is at its node",
        ),
        LedgerError::NoBatches { .. } | LedgerError::NoContract { .. } | LedgerError::WrongChain { .. } => {
            (Code::AddressBook, "take the address book of this chain's deployment")
        }
        LedgerError::Rpc(error) if error.revert().is_none() => (Code::Rpc, "use another node with --rpc"),
        _ => (Code::Contract, "check the address book, and ask another node with --rpc"),
    };
    CliError::new(code, format!("batch {batch}"), error, remedy)
}

fn unavailable(batch: B256, error: &DataFault) -> CliError {
    let remedy = match error {
        DataFault::TooLarge { .. } => "allow more with --max-size",
        DataFault::Uri { .. } | DataFault::Unavailable(_) => {
            "try again, or name another source with --uri; what its operator withholds can be demanded on the chain"
        }
        _ => "do not rely on these receipts; the true ones can be demanded on the chain, leaf by leaf",
    };
    CliError::new(Code::BatchData, format!("data of batch {batch}"), error, remedy)
}

fn verdict(fault: Option<&LeafFault>) -> Value {
    fault.map_or(Value::Null, |fault| {
        let mut value = serde_json::to_value(fault).unwrap_or_default();
        value["text"] = fault.to_string().into();
        value
    })
}

fn document(posted: &PostedBatch, found: &Audit) -> Value {
    let leaves: Vec<Value> = (0_u32..)
        .zip(&found.receipts)
        .map(|(index, signed)| {
            let receipt = signed.as_ref().map(opg_receipts::SignedReceipt::receipt);
            json!({
                "index": index,
                "requestId": receipt.map(|receipt| receipt.requestId),
                "payer": receipt.map(|receipt| receipt.payer),
                "fee": receipt.map(|receipt| receipt.fee.to_string()),
                "issuedAt": receipt.map(|receipt| receipt.issuedAt),
                "fault": verdict(found.faults.get(&index)),
            })
        })
        .collect();
    json!({
        "batchId": posted.id,
        "valid": holds(posted, found),
        "status": posted.status,
        "commitment": posted.batch,
        "poster": posted.poster,
        "uri": posted.uri,
        "block": posted.block,
        "transaction": posted.transaction,
        "finalAt": posted.final_at,
        "root": found.root,
        "leaves": leaves,
    })
}

fn text(posted: &PostedBatch, found: &Audit) -> String {
    let batch = &posted.batch;
    let receipts = || found.receipts.iter().flatten().map(opg_receipts::SignedReceipt::receipt);
    let fees = receipts().fold(0_u128, |sum, receipt| sum.saturating_add(receipt.fee));
    let root = match found.root {
        Some(root) if root == batch.root => "as posted".to_owned(),
        Some(root) => format!("{root}, but {} was posted", batch.root),
        None => "none: a leaf cannot be read".to_owned(),
    };
    let sound = found.receipts.len().saturating_sub(found.faults.len());
    let mut text = fields(&[
        ("batch", posted.id.to_string()),
        ("operator", batch.operator.to_string()),
        ("posted", format!("by {} in block {}, {}", posted.poster, posted.block, posted.transaction)),
        ("status", format!("{}, can be challenged until {}", posted.status, moment(posted.final_at))),
        ("receipts", format!("{} from {} to {}", batch.count, moment(batch.from), moment(batch.to))),
        ("fees", Opg(fees).to_string()),
        ("data", format!("as posted, from {}", posted.uri)),
        ("root", root),
        ("leaves", format!("{sound} of {} as they should be", batch.count)),
    ]);
    for (index, fault) in found.faults.iter().take(SHOWN) {
        text.push_str(&format!("\n  FAIL  leaf {index}: {fault}"));
    }
    if found.faults.len() > SHOWN {
        text.push_str(&format!("\n  … and {} more; --json lists all", found.faults.len() - SHOWN));
    }
    text
}

fn invalid(posted: &PostedBatch, found: &Audit) -> CliError {
    let reason = match (posted.status, found.faults.first_key_value()) {
        (BatchStatus::Void, _) => {
            "it counts for nothing: the wrong key posted it, or its operator was not active".to_owned()
        }
        (_, Some((index, fault))) => {
            format!("{} leaves are not as they should be, the first is {index}: {fault}", found.faults.len())
        }
        (_, None) => "its data does not make the root that was posted".to_owned(),
    };
    let remedy = match posted.status {
        BatchStatus::Pending => {
            "do not rely on it; while it is pending, anybody can prove a bad leaf and is rewarded"
        }
        _ => "do not rely on it; compare with another node, in case this one lies",
    };
    CliError::new(Code::BatchInvalid, format!("batch {}", posted.id), reason, remedy)
}
