//! `opg jobs retry|cancel` and `opg tx bump|cancel` where they are allowed: what the operator asked for is in the
//! database for the keeper to act on.

use std::path::Path;

use alloy::primitives::{Address, B256, Bytes, U256, keccak256};
use opg_receipts::{Request, hub_request_id};
use opg_store::{
    Store,
    jobs::{self, JobState, NewJob},
    journal::{self, Asked, AttemptKind, Fate, Intent, IntentId, IntentState, NewAttempt},
};

use crate::support::{initialised, json, opg};

const SIGNER: Address = Address::repeat_byte(0xaa);

fn store(folder: &Path) -> Store {
    Store::open(&folder.join("opg.db")).unwrap()
}

/// A request that the keeper has just read from the chain.
fn seen(store: &Store) -> B256 {
    let input = Bytes::from_static(b"{}");
    let request = Request {
        payer: Address::repeat_byte(0x11),
        nonce: 1,
        modelVersion: B256::repeat_byte(0x22),
        inputHash: keccak256(&input),
        mode: 0,
        callbackGas: 0,
        blockNumber: 7,
        requestedAt: 1_000,
        deadline: 2_000,
        maxFee: 5,
    };
    let request_id = hub_request_id(31337, Address::repeat_byte(0x33), &request);
    let new = NewJob { request_id, request, input, block_hash: B256::repeat_byte(7) };
    store.write(|tx| jobs::see(tx, &new, 1)).unwrap();
    request_id
}

fn job_state(store: &Store, request_id: B256) -> JobState {
    store.read(|tx| jobs::by_request(tx, request_id)).unwrap().unwrap().state
}

fn enqueue(store: &Store) -> IntentId {
    let intent = Intent {
        key: "fulfil:1".to_owned(),
        purpose: "answer a request".to_owned(),
        to: Address::repeat_byte(0x44),
        calldata: Bytes::from_static(&[1, 2, 3, 4]),
        value: U256::ZERO,
        deadline: None,
        max_cost: None,
    };
    store.write(|tx| journal::enqueue(tx, SIGNER, &intent, 10)).unwrap()
}

/// What the journal writes when it signs and sends.
fn send(store: &Store, id: IntentId) {
    let attempt = NewAttempt {
        nonce: 3,
        kind: AttemptKind::Call,
        hash: B256::repeat_byte(9),
        raw: Bytes::from_static(&[2]),
        gas_limit: 21_000,
        max_fee: 100,
        priority_fee: 1,
        l1_fee: U256::ZERO,
        signed_block: 5,
    };
    let sent = store.write(|tx| {
        assert!(journal::assign(tx, SIGNER, id, attempt.nonce, 5, 11)?);
        let attempt = journal::insert_attempt(tx, SIGNER, &attempt, 11)?;
        journal::record_send(tx, attempt, Fate::Accepted, None, 11)
    });
    sent.unwrap();
}

#[test]
fn a_declined_job_can_be_retried_and_a_waiting_one_cancelled() {
    let folder = initialised();
    let store = store(folder.path());
    let id = seen(&store);
    let change = |verb: &str, options: &[&str]| {
        let mut command = opg(folder.path());
        command.args(["jobs", verb, &id.to_string()]).args(options);
        json(command)
    };

    let foreseen = change("cancel", &["--dry-run"]);
    assert_eq!((&foreseen["before"], &foreseen["dryRun"]), (&"seen".into(), &true.into()));
    assert_eq!(job_state(&store, id), JobState::Seen);

    let cancelled = change("cancel", &[]);
    assert_eq!(cancelled["state"], "declined");
    assert_eq!(job_state(&store, id), JobState::Declined);

    let retried = change("retry", &[]);
    assert_eq!((&retried["before"], &retried["state"]), (&"declined".into(), &"seen".into()));
    assert_eq!(job_state(&store, id), JobState::Seen);
}

#[test]
fn a_queued_transaction_is_cancelled_at_once() {
    let folder = initialised();
    let store = store(folder.path());
    let id = enqueue(&store);
    let cancel = |options: &[&str]| {
        let mut command = opg(folder.path());
        command.args(["tx", "cancel", &id.to_string()]).args(options);
        json(command)
    };
    assert_eq!(cancel(&["--dry-run"])["asked"], serde_json::json!(Asked::Done));
    assert_eq!(store.read(|tx| journal::outcome(tx, id)).unwrap(), IntentState::Queued);

    assert_eq!(cancel(&[])["asked"], serde_json::json!(Asked::Done));
    let state = store.read(|tx| journal::outcome(tx, id)).unwrap();
    assert!(matches!(&state, IntentState::Failed { reason } if reason.contains("operator")), "{state:?}");
}

#[test]
fn a_sent_transaction_is_bumped_and_cancelled_by_the_running_keeper() {
    let folder = initialised();
    let store = store(folder.path());
    let id = enqueue(&store);
    send(&store, id);
    for verb in ["bump", "cancel"] {
        let mut command = opg(folder.path());
        command.args(["tx", verb, &id.to_string()]);
        let asked = json(command);
        assert_eq!(asked["asked"], serde_json::json!(Asked::Noted), "{verb}");
        assert_eq!(asked["hashes"].as_array().map(Vec::len), Some(1), "{verb}");
    }
    // The journal finds both wishes at its next pass.
    let record = store.read(|tx| journal::record(tx, id)).unwrap();
    assert!(record.bump);
    assert_eq!(record.cancel.as_deref(), Some("cancelled by the operator"));
}
