//! `opg receipt verify`

use std::path::{Path, PathBuf};

use alloy::primitives::{B256, hex};
use opg_chain::{
    address_book::AddressBook,
    ledger::{Check, Contracts, LedgerError, RecordedResult, verify_result},
    rpc::Rpc,
};
use serde_json::json;

use crate::{
    args::{Cli, ReceiptCommand},
    config::{Config, units::Opg},
    context,
    error::{CliError, CliResult, Code},
    output::{Output, fields},
    text::moment,
};

/// Verifies a receipt. With both options no configuration is read: anybody can verify.
pub(super) async fn run(cli: &Cli, command: &ReceiptCommand, output: Output) -> CliResult {
    let ReceiptCommand::Verify { request_id, rpc, address_book, trace } = command;
    let read = |path: &PathBuf| std::fs::read(path).map_err(|error| CliError::file(path, &error));
    let trace = trace.as_ref().map(read).transpose()?;
    let (urls, book) = match (rpc, address_book) {
        (Some(rpc), Some(path)) => (vec![rpc.clone()], read_book(path)?),
        _ => {
            let config = Config::load(&cli.config)?;
            let path = address_book.as_deref().unwrap_or(&config.address_book);
            let urls = rpc.as_ref().map_or(config.rpc.0, |rpc| vec![rpc.clone()]);
            (urls, context::address_book(path, config.chain.id)?)
        }
    };
    let rpc = Rpc::connect(context::rpc_settings(&urls, book.chain_id)?)
        .await
        .map_err(|error| context::rpc(&urls, &error))?;
    let fail = |error: LedgerError| refused(*request_id, &error);
    let contracts = Contracts::open(rpc, book).await.map_err(fail)?;
    let result = contracts.fetch_result(*request_id).await.map_err(fail)?;
    let checks = verify_result(&result, trace.as_deref());
    let valid = checks.iter().all(|check| check.ok);
    output.result(&document(&result, &checks, valid), || text(&result, &checks));
    if valid { Ok(()) } else { Err(invalid(*request_id, &checks)) }
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

/// Reads the chain id from the book itself: what it must match is the chain behind the RPC, which is checked.
pub(super) fn read_book(path: &Path) -> CliResult<AddressBook> {
    let chain_id = std::fs::read(path)
        .ok()
        .and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok())
        .and_then(|book| book["chainId"].as_u64())
        .unwrap_or_default();
    context::address_book(path, chain_id)
}

fn document(result: &RecordedResult, checks: &[Check], valid: bool) -> serde_json::Value {
    json!({
        "requestId": result.request_id,
        "valid": valid,
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
