//! `opg receipt`: what anybody can find out about an answer on the chain.

mod recompute;

use alloy::primitives::{B256, hex};
use opg_chain::ledger::{Check, Contracts, LedgerError, RecordedResult, verify_result};
use serde_json::json;

use crate::{
    args::{ChainArgs, Cli, ReceiptCommand, VerifyReceiptArgs},
    config::units::Opg,
    context::{self, Deployment},
    error::{CliError, CliResult, Code},
    output::{Output, fields},
    text::moment,
};

/// What nobody can check.
const FORWARDED: &str = "\n  note  answer: not verifiable: forwarded. The version is registered as answered by another server than the keeper, \
                         so the receipt proves who answered what, and not that a model said it";

/// Runs what was asked for.
pub(super) async fn run(cli: &Cli, command: &ReceiptCommand, output: Output) -> CliResult {
    match command {
        ReceiptCommand::Verify(args) => verify(cli, args, output).await,
        ReceiptCommand::Recompute(args) => recompute::run(cli, args, output).await,
    }
}

async fn verify(cli: &Cli, args: &VerifyReceiptArgs, output: Output) -> CliResult {
    let trace = match &args.trace {
        Some(path) => Some(std::fs::read(path).map_err(|error| CliError::file(path, &error))?),
        None => None,
    };
    let result = fetch(cli, args.request_id, &args.chain).await?;
    report(&result, &verify_result(&result, trace.as_deref()), output)
}

/// The result of a request, from the chain alone.
async fn fetch(cli: &Cli, request_id: B256, chain: &ChainArgs) -> CliResult<RecordedResult> {
    let Deployment { rpc, book } = context::deployment(cli, chain).await?;
    let fail = |error: LedgerError| refused(request_id, &error);
    let contracts = Contracts::open(rpc, book).await.map_err(fail)?;
    contracts.fetch_result(request_id).await.map_err(fail)
}

/// Shows what was found, and fails if anything does not hold.
fn report(result: &RecordedResult, checks: &[Check], output: Output) -> CliResult {
    let valid = checks.iter().all(|check| check.ok);
    output.result(&document(result, checks, valid), || text(result, checks));
    if valid { Ok(()) } else { Err(invalid(result.request_id, checks)) }
}

fn refused(request_id: B256, error: &LedgerError) -> CliError {
    let (code, remedy) = match error {
        LedgerError::UnknownRequest { .. } => {
            (Code::ResultUnknown, "check the id, the chain and the address book")
        }
        LedgerError::NoResult { .. } => {
            (Code::ResultUnknown, "wait for an answer; an expired request gets none")
        }
        LedgerError::NoContract { .. } | LedgerError::WrongChain { .. } => {
            (Code::AddressBook, "take the address book of this chain's deployment")
        }
        LedgerError::Rpc(error) if error.revert().is_none() => (Code::Rpc, "use another node with --rpc"),
        _ => (Code::Contract, "check the address book, and ask another node with --rpc"),
    };
    CliError::new(code, format!("request {request_id}"), error, remedy)
}

fn document(result: &RecordedResult, checks: &[Check], valid: bool) -> serde_json::Value {
    json!({
        "requestId": result.request_id,
        "valid": valid,
        "forwarded": forwarded(result),
        "checks": checks,
        "receipt": result.receipt,
        "signature": result.fulfilment.evidence,
        "signer": result.operator_key,
        "status": result.status.to_string(),
        "requested": result.requested,
        "fulfilled": result.fulfilled,
        "input": result.input,
        "output": result.fulfilment.output,
    })
}

/// Whether the version is registered as one whose answers come from another server.
fn forwarded(result: &RecordedResult) -> bool {
    result.spec.as_ref().is_some_and(opg_node::is_forwarded)
}

fn text(result: &RecordedResult, checks: &[Check]) -> String {
    let receipt = &result.receipt;
    let mut text = fields(&[
        ("request", result.request_id.to_string()),
        ("operator", receipt.operator.to_string()),
        ("model version", receipt.modelVersion.to_string()),
        ("fee", Opg(receipt.fee).to_string()),
        (
            "units",
            format!("{} in, {} out at {}", receipt.inputUnits, receipt.outputUnits, Opg(receipt.unitPrice)),
        ),
        ("issued", moment(receipt.issuedAt)),
        ("transaction", format!("{} in block {}", result.fulfilled.transaction, result.fulfilled.block)),
        ("output", readable(&result.fulfilment.output)),
    ]);
    if forwarded(result) {
        text.push_str(FORWARDED);
    }
    for check in checks {
        let mark = if check.ok { "ok  " } else { "FAIL" };
        text.push_str(&format!("\n  {mark}  {}: {}", check.name, check.detail));
    }
    text
}

/// Text as it is, anything else in hexadecimal, shortened.
fn readable(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains(|c: char| c.is_control() && c != '\n') => text.to_owned(),
        _ => format!("{} … ({} bytes)", hex::encode_prefixed(bytes.get(..16).unwrap_or(bytes)), bytes.len()),
    }
}

fn invalid(request_id: B256, checks: &[Check]) -> CliError {
    let failed: Vec<_> = checks.iter().filter(|check| !check.ok).map(|check| check.name).collect();
    CliError::new(
        Code::ReceiptInvalid,
        format!("request {request_id}"),
        format!("this does not hold: {}", failed.join("; ")),
        "do not rely on the answer; compare with another node, in case this one lies",
    )
}
