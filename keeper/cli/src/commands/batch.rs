//! `opg verify-batch`: checks a batch of receipts from the chain and the data that its operator serves.

use std::collections::BTreeSet;

use alloy::primitives::B256;
use opg_chain::{
    batches::{Audit, BatchStatus, DataFault, LeafFault, Limits, PostedBatch, audit, download},
    ledger::{Contracts, LedgerError},
};
use opg_receipts::SignedReceipt;
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
    let forwarded = forwarded(&contracts, &found).await.map_err(fail)?;
    output.result(&document(&posted, &found, &forwarded), || text(&posted, &found, &forwarded));
    if holds(&posted, &found) { Ok(()) } else { Err(invalid(&posted, &found)) }
}

/// Versions of the receipts that are registered as answered by another server than the keeper.
async fn forwarded(contracts: &Contracts, found: &Audit) -> Result<BTreeSet<B256>, LedgerError> {
    let versions: BTreeSet<B256> =
        found.receipts.iter().flatten().map(|signed| signed.receipt().modelVersion).collect();
    let mut forwarded = BTreeSet::new();
    for version in versions {
        if contracts.spec_of(version).await?.as_ref().is_some_and(opg_node::is_forwarded) {
            forwarded.insert(version);
        }
    }
    Ok(forwarded)
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

fn document(posted: &PostedBatch, found: &Audit, forwarded: &BTreeSet<B256>) -> Value {
    let leaves: Vec<Value> = (0_u32..)
        .zip(&found.receipts)
        .map(|(index, signed)| {
            let receipt = signed.as_ref().map(SignedReceipt::receipt);
            json!({
                "index": index,
                "requestId": receipt.map(|receipt| receipt.requestId),
                "modelVersion": receipt.map(|receipt| receipt.modelVersion),
                "forwarded": receipt.map(|receipt| forwarded.contains(&receipt.modelVersion)),
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

fn text(posted: &PostedBatch, found: &Audit, forwarded: &BTreeSet<B256>) -> String {
    let batch = &posted.batch;
    let receipts = || found.receipts.iter().flatten().map(SignedReceipt::receipt);
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
    let unverifiable = receipts().filter(|receipt| forwarded.contains(&receipt.modelVersion)).count();
    if unverifiable > 0 {
        text.push_str(&format!(
            "\n  note  {unverifiable} receipts are of versions that are registered as answered by another server than the keeper: \
             they prove who answered what, and not that a model said it"
        ));
    }
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

#[cfg(test)]
#[allow(non_snake_case)] // Fields are named as in the contract.
mod tests {
    use std::collections::BTreeMap;

    use alloy::primitives::{Address, Signature};
    use opg_receipts::{InferenceReceipt, batch::Batch};

    use super::*;

    #[test]
    fn receipts_of_forwarded_versions_are_named() {
        let receipt = |version| {
            let word = B256::repeat_byte(9);
            let receipt = InferenceReceipt {
                requestId: word,
                payer: Address::ZERO,
                operator: Address::ZERO,
                modelVersion: B256::repeat_byte(version),
                inputHash: word,
                outputHash: word,
                traceHash: word,
                inputUnits: 1,
                outputUnits: 1,
                unitPrice: 1,
                fee: 2,
                mode: 0,
                issuedAt: 1,
            };
            Some(SignedReceipt::new(receipt, Signature::test_signature()))
        };
        let (operator, root, dataHash) = (Address::ZERO, B256::ZERO, B256::ZERO);
        let posted = PostedBatch {
            id: B256::ZERO,
            batch: Batch { operator, root, count: 4, from: 1, to: 1, dataHash },
            poster: Address::ZERO,
            uri: String::new(),
            block: 1,
            transaction: B256::ZERO,
            status: BatchStatus::Pending,
            final_at: 0,
        };
        let receipts = vec![receipt(1), receipt(2), None, receipt(2)];
        let found = Audit { root: None, receipts, faults: BTreeMap::new() };
        let forwarded = BTreeSet::from([B256::repeat_byte(2)]);
        let leaves = &document(&posted, &found, &forwarded)["leaves"];
        let marks: Vec<&Value> = (0..4).map(|index| &leaves[index]["forwarded"]).collect();
        assert_eq!(marks, [&json!(false), &json!(true), &Value::Null, &json!(true)]);
        assert!(text(&posted, &found, &forwarded).contains("note  2 receipts are of versions"));
        assert!(!text(&posted, &found, &BTreeSet::new()).contains("note"));
    }
}
