//! `opg receipt verify`

use std::path::Path;

use alloy::primitives::{B256, hex};
use opg_chain::{address_book::AddressBook, rpc::Rpc};
use serde_json::json;

use crate::{
    args::{Cli, ReceiptCommand},
    config::{Config, units::Opg},
    context,
    error::{CliError, CliResult, Code},
    output::{Output, fields},
    text::moment,
    verify::{Check, Evidence, check, fetch},
};

/// Blocks per log query where no configuration says otherwise.
const DEFAULT_RANGE: u64 = 2_000;

/// Verifies a receipt. With both options no configuration is read: anybody can verify.
pub(super) async fn run(cli: &Cli, command: &ReceiptCommand, output: Output) -> CliResult {
    let ReceiptCommand::Verify { request_id, rpc, address_book } = command;
    let (urls, book, range) = match (rpc, address_book) {
        (Some(rpc), Some(path)) => (vec![rpc.clone()], read_book(path)?, DEFAULT_RANGE),
        _ => {
            let config = Config::load(&cli.config)?;
            let path = address_book.as_deref().unwrap_or(&config.address_book);
            let urls = rpc.as_ref().map_or(config.rpc.0, |rpc| vec![rpc.clone()]);
            (urls, context::address_book(path, config.chain.id)?, config.chain.max_log_range)
        }
    };
    let rpc = Rpc::connect(context::rpc_settings(&urls, book.chain_id)?)
        .await
        .map_err(|error| context::rpc(&urls, &error))?;
    let evidence = fetch(&rpc, &book, *request_id, range).await?;
    let checks = check(&evidence, &book);
    let valid = checks.iter().all(|check| check.holds);
    output.result(&document(&evidence, &checks, valid), || text(&evidence, &checks));
    if valid { Ok(()) } else { Err(invalid(*request_id, &checks)) }
}

/// Reads the chain id from the book itself: what it must match is the chain behind the RPC, which is checked.
fn read_book(path: &Path) -> CliResult<AddressBook> {
    let chain_id = std::fs::read(path)
        .ok()
        .and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok())
        .and_then(|book| book["chainId"].as_u64())
        .unwrap_or_default();
    context::address_book(path, chain_id)
}

fn document(evidence: &Evidence, checks: &[Check], valid: bool) -> serde_json::Value {
    json!({
        "requestId": evidence.request_id,
        "valid": valid,
        "checks": checks,
        "receipt": evidence.receipt,
        "signature": evidence.fulfilment.evidence,
        "signer": evidence.signer,
        "transaction": evidence.transaction,
        "block": evidence.block,
        "blockTime": evidence.block_time,
        "input": evidence.input,
        "output": evidence.fulfilment.output,
    })
}

fn text(evidence: &Evidence, checks: &[Check]) -> String {
    let receipt = &evidence.receipt;
    let mut text = fields(&[
        ("request", evidence.request_id.to_string()),
        ("operator", receipt.operator.to_string()),
        ("model version", receipt.modelVersion.to_string()),
        ("fee", Opg(receipt.fee).to_string()),
        ("units", format!("{} in, {} out at {}", receipt.inputUnits, receipt.outputUnits, Opg(receipt.unitPrice))),
        ("issued", moment(receipt.issuedAt)),
        ("transaction", format!("{} in block {}", evidence.transaction, evidence.block)),
        ("output", readable(&evidence.fulfilment.output)),
    ]);
    for check in checks {
        let mark = if check.holds { "ok  " } else { "FAIL" };
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
    let failed: Vec<_> = checks.iter().filter(|check| !check.holds).map(|check| check.name).collect();
    CliError::new(
        Code::ReceiptInvalid,
        format!("request {request_id}"),
        format!("this does not hold: {}", failed.join("; ")),
        "do not rely on the answer; compare with another node, in case this one lies",
    )
}
