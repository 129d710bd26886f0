//! Answers computed again: one of a keeper, and one that its operator made up. Part of the test in `e2e_kill`, which has the
//! devnet.

use std::{path::Path, time::Duration};

use alloy::{
    primitives::{B256, Bytes, U256, hex},
    rpc::types::Filter,
    sol_types::{SolCall as _, SolEvent as _},
};
use opg_chain::{
    bindings::{Fulfilment, IInferenceHub, IModelRegistry, ModelSpec, Request},
    signer::{Password, open_keystore, sign_receipt},
};
use opg_receipts::{InferenceReceipt, content_hash, receipt_domain};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::{
    e2e_support::Devnet,
    support::{json, opg, refuses},
};

/// `opg receipt` with what anybody has: an RPC and the address book.
fn receipt(devnet: &Devnet, how: &str, request: B256) -> std::process::Command {
    let mut command = opg(Path::new("."));
    command.args(["--config", devnet.config(), "receipt", how, &request.to_string(), "--rpc", &devnet.url]);
    command
}

fn check<'a>(document: &'a Value, name: &str) -> &'a Value {
    document["checks"].as_array().unwrap().iter().find(|check| check["name"] == name).unwrap()
}

/// What the keeper computed comes out again, sampled text included.
pub(crate) fn answers_are_computed_again(devnet: &mut Devnet) {
    let mut keeper = devnet.keeper(&[]);
    let chat = json!({
        "messages": [{ "role": "user", "content": "Name a colour." }],
        "max_tokens": 12, "temperature": 0.8, "seed": 7,
    });
    let asked = [devnet.ask("chat", &chat), devnet.ask("embedding", &json!({ "input": "again" }))];
    for request in asked {
        devnet.until("answered", request, |devnet| devnet.fulfilments(request).len() == 1);
        let found = json(receipt(devnet, "recompute", request));
        assert_eq!(found["valid"], true);
        for name in ["signature", "output recomputed", "units recomputed", "trace recomputed"] {
            assert_eq!(check(&found, name)["ok"], true, "{name}: {found}");
        }
    }
    keeper.signal(Signal::TERM);
    assert!(keeper.0.wait().unwrap().success(), "{}", devnet.log());
}

/// An operator that signs another answer than its model's is paid: all that the chain can check holds. Whoever computes the
/// answer again finds it.
pub(crate) fn a_made_up_answer_is_found(devnet: &Devnet) {
    let input = json!({
        "messages": [{ "role": "user", "content": "What is the capital of France?" }],
        "max_tokens": 16,
    });
    let id = devnet.ask("chat", &input);
    fulfil(devnet, id, b"It is Lyon.");

    assert_eq!(json(receipt(devnet, "verify", id))["valid"], true);
    let output = receipt(devnet, "recompute", id).arg("--json").output().unwrap();
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&found["valid"], &check(&found, "signature")["ok"]), (&false.into(), &true.into()));
    for name in ["output recomputed", "trace recomputed"] {
        assert_eq!(check(&found, name)["ok"], false, "{name}: {found}");
    }
    refuses(receipt(devnet, "recompute", id), 8, &["OPG-0602", "output recomputed"]);
}

/// Delivers `output` with the operator's signature, and without having computed anything.
fn fulfil(devnet: &Devnet, id: B256, output: &[u8]) {
    let (book, operator) = (&devnet.book, devnet.ready["operator"].as_str().unwrap().parse().unwrap());
    let filter = Filter::new()
        .address(book.inference_hub)
        .event_signature(IInferenceHub::InferenceRequested::SIGNATURE_HASH)
        .topic1(id)
        .from_block(0);
    let log = devnet.block_on(devnet.rpc.logs(&filter)).pop().unwrap();
    let request: Request = IInferenceHub::InferenceRequested::decode_log(&log.inner).unwrap().data.request;
    let turns = devnet.block_on(devnet.rpc.view(book.inference_hub, &IInferenceHub::turnParametersCall {}));
    let turn = request.requestedAt + u64::from(turns.turnCap);
    while devnet.block_on(devnet.rpc.head()).timestamp < turn {
        std::thread::sleep(Duration::from_millis(100));
    }
    let call = IModelRegistry::specOfCall { version: request.modelVersion };
    let spec: ModelSpec = devnet.block_on(devnet.rpc.view(book.model_registry, &call));
    // It charges for six tokens.
    let (input_units, output_units) = (spec.unitsPerRequest, 6 * spec.unitsPerOutputToken);
    let output = Bytes::copy_from_slice(output);
    let receipt = InferenceReceipt {
        requestId: id,
        payer: request.payer,
        operator,
        modelVersion: request.modelVersion,
        inputHash: request.inputHash,
        outputHash: content_hash(&output),
        traceHash: B256::repeat_byte(7),
        inputUnits: input_units,
        outputUnits: output_units,
        unitPrice: 1,
        fee: u128::from(input_units + output_units),
        mode: request.mode,
        issuedAt: devnet.block_on(devnet.rpc.head()).timestamp,
    };
    let keystore = Path::new(devnet.config()).with_file_name("keystore.json");
    let key = open_keystore(&keystore, &Password::new("devnet".to_owned()).unwrap()).unwrap();
    let domain = receipt_domain(book.chain_id, book.proof_registry);
    let signed = devnet.block_on(sign_receipt(&key, receipt, &domain));
    let receipt = signed.receipt();
    let fulfilment = Fulfilment {
        operator,
        traceHash: receipt.traceHash,
        inputUnits: receipt.inputUnits,
        outputUnits: receipt.outputUnits,
        unitPrice: receipt.unitPrice,
        fee: receipt.fee,
        issuedAt: receipt.issuedAt,
        output,
        evidence: Bytes::copy_from_slice(&signed.signature_bytes()),
    };
    let delivery = IInferenceHub::fulfilCall { req: request, fulfilment }.abi_encode();
    devnet.cast(&["send", &book.inference_hub.to_string(), &hex::encode_prefixed(delivery)]);
    assert_eq!(devnet.fulfilments(id).len(), 1);
    assert!(devnet.credit() > U256::ZERO);
}
