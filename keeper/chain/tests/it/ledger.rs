//! Against real contracts on a real node: events, reads, reorganisation, and a result verified from the chain alone.

use std::time::{Duration, Instant};

use alloy::primitives::{B256, Bytes, U256, hex};
use opg_chain::{
    bindings::{Fulfilment, IInferenceHub},
    events::{ChainEvent, Cursor, Follower, FollowerConfig, LoggedEvent, Segment},
    fees::{FeeFloor, L1Fee, estimate_fees, l1_fee_upper_bound},
    ledger::{LedgerError, RecordedResult, Refusal, RequestStatus, WaitingFees, verify_result},
    rpc_trait::{self, CallRequest, ChainRpc},
};
use opg_receipts::Request;
use serde_json::json;

use crate::support::devnet::{Devnet, MAX_FEE, OPERATOR, PAYER};

/// Canonical, and computed in the profile that the version is registered with.
const TRACE: &[u8] =
    br#"{"engine":"test","outputTokens":[1,2,3],"profile":"0202020202020202020202020202020202020202020202020202020202020202"}"#;

async fn drain(follower: &Follower, cursor: &mut Cursor) -> Vec<LoggedEvent> {
    let mut events = Vec::new();
    while let Some(segment) = follower.poll(cursor).await.unwrap() {
        assert_eq!(segment.rollback_to, None);
        events.extend(segment.events);
        *cursor = segment.cursor;
    }
    events
}

fn requests(events: &[LoggedEvent]) -> Vec<(B256, Request)> {
    let request = |logged: &LoggedEvent| match &logged.event {
        ChainEvent::InferenceRequested { request_id, request, .. } => Some((*request_id, request.clone())),
        _ => None,
    };
    events.iter().filter_map(request).collect()
}

#[tokio::test]
async fn a_request_is_seen_answered_verified_and_reorganised_away() {
    let devnet = Devnet::start().await;
    let follower = Follower::new(devnet.anvil.rpc.clone(), FollowerConfig::new(devnet.book.clone()));
    let mut cursor = Cursor::default();

    let events = drain(&follower, &mut cursor).await;
    let is_ours = |event: &ChainEvent| matches!(event, ChainEvent::OperatorRegistered { operator, signer, .. } if (*operator, *signer) == (OPERATOR, devnet.key.address()));
    assert!(events.iter().any(|logged| is_ours(&logged.event)), "{events:?}");
    let version = devnet.version();
    let is_model = |event: &ChainEvent| matches!(event, ChainEvent::ModelVersionPublished { version: published, .. } if *published == version);
    assert!(events.iter().any(|logged| is_model(&logged.event)), "{events:?}");

    registries(&devnet).await;

    devnet.request(b"{\"messages\":[]}").await;
    let (request_id, request) = requests(&drain(&follower, &mut cursor).await).remove(0);
    assert_eq!((request.payer, request.modelVersion), (PAYER, version));
    assert_eq!(devnet.contracts.status_of(request_id).await.unwrap(), RequestStatus::Open);
    let early = devnet.contracts.fetch_result(request_id).await.unwrap_err();
    assert!(matches!(early, LedgerError::NoResult { .. }) && early.is_retryable(), "{early}");
    let unknown = devnet.contracts.fetch_result(B256::ZERO).await.unwrap_err();
    assert!(matches!(unknown, LedgerError::UnknownRequest { .. }), "{unknown}");

    devnet.anvil.pass(30).await;
    let fulfilment = devnet.answer(request_id, &request, TRACE).await;
    refusals(&devnet, &request, &fulfilment).await;
    assert!(devnet.contracts.turn_of(&request, OPERATOR).await.unwrap().is_some());
    let fulfil = IInferenceHub::fulfilCall { req: request.clone().into(), fulfilment: fulfilment.clone() };
    devnet.anvil.send(OPERATOR, devnet.book.inference_hub, &fulfil).await;
    let events = drain(&follower, &mut cursor).await;
    // The hub credits the fee before it says whose answer it was.
    assert!(
        matches!(&events[0].event, ChainEvent::Credited { request_id: id, amount, .. } if *id == request_id && *amount == U256::from(fulfilment.fee))
    );
    let fulfilled = events.iter().any(
        |logged| matches!(&logged.event, ChainEvent::InferenceFulfilled { request_id: id, .. } if *id == request_id),
    );
    assert!(fulfilled, "{events:?}");
    fees(&devnet, &fulfilment).await;
    repeated(&devnet, &request, &fulfilment).await;

    let result = devnet.contracts.fetch_result(request_id).await.unwrap();
    for check in verify_result(&result, Some(TRACE)) {
        assert!(check.ok, "{check:?}");
    }
    let digest = devnet.contracts.digest_of(&result.receipt).await.unwrap();
    assert_eq!(Some(digest), result.recorded_digest);
    let evidence = &result.fulfilment.evidence;
    assert_eq!(devnet.contracts.verify(&result.receipt, evidence).await.unwrap(), None);
    altered(&result);

    let before = cursor.tip().unwrap().0;
    devnet.anvil.ask("anvil_reorg", json!([1, []])).await;
    devnet.anvil.ask("anvil_mine", json!(["0x2"])).await;
    let Segment { rollback_to, events, .. } = follower.poll(&cursor).await.unwrap().unwrap();
    assert_eq!((rollback_to, events), (Some(before - 1), vec![]));
    assert_eq!(devnet.contracts.status_of(request_id).await.unwrap(), RequestStatus::Open);

    latency(&devnet, &follower).await;
}

/// The fee of an answer waits at the hub, and anyone has it divided.
async fn fees(devnet: &Devnet, fulfilment: &Fulfilment) {
    let (contracts, version) = (&devnet.contracts, devnet.version());
    let fee = U256::from(fulfilment.fee);
    let waiting = WaitingFees { hub: fee, vault: U256::ZERO };
    assert_eq!(contracts.waiting_fees(OPERATOR, version).await.unwrap(), waiting);
    assert_eq!(contracts.credit_of(OPERATOR).await.unwrap(), U256::ZERO);
    let vault = contracts.vault_of(OPERATOR, version).await.unwrap();
    assert_eq!(contracts.credit_of(vault).await.unwrap(), fee);
    let before = contracts.unsettled_fees(OPERATOR).await.unwrap();
    // What follows on the chain is about the block of the answer.
    let block = devnet.anvil.ask("evm_snapshot", json!([])).await;
    let route = IInferenceHub::routeFeesCall { operator: OPERATOR, modelVersion: version };
    devnet.anvil.send(PAYER, devnet.book.inference_hub, &route).await;
    assert_eq!(contracts.waiting_fees(OPERATOR, version).await.unwrap(), WaitingFees::default());
    // 5 % is burned, 3 % goes to the verification pool, 5 % to the owner of the model.
    assert_eq!(contracts.owed_fees(OPERATOR).await.unwrap(), fee * U256::from(87) / U256::from(100));
    let after = contracts.unsettled_fees(OPERATOR).await.unwrap();
    assert_eq!(before.room() - after.room(), fee);
    assert_eq!(contracts.unit_price().await.unwrap(), U256::from(1_000_000_000_000_u64));
    devnet.anvil.ask("evm_revert", json!([block])).await;
}

async fn registries(devnet: &Devnet) {
    let (contracts, version) = (&devnet.contracts, devnet.version());
    let now = contracts.rpc().head().await.unwrap().timestamp;
    assert_eq!(contracts.spec_of(version).await.unwrap().as_ref(), Some(&devnet.spec));
    assert_eq!(contracts.model_id_of(version).await.unwrap(), Some(devnet.model_id));
    assert_eq!(contracts.royalty_of(version).await.unwrap().map(|royalty| royalty.1), Some(500));
    assert!(contracts.is_requestable(version, 0).await.unwrap());
    assert!(!contracts.is_requestable(version, 1).await.unwrap());
    assert_eq!(contracts.spec_of(B256::ZERO).await.unwrap(), None);
    assert_eq!(contracts.royalty_of(B256::ZERO).await.unwrap(), None);
    assert_eq!(contracts.signer_at(OPERATOR, now).await.unwrap(), Some(devnet.key.address()));
    assert_eq!(contracts.signer_at(PAYER, now).await.unwrap(), None);
    assert_eq!(
        contracts.stake_at(OPERATOR, now).await.unwrap(),
        contracts.total_stake_at(now).await.unwrap()
    );
    assert_eq!(contracts.opg_balance(PAYER).await.unwrap(), U256::from(1_000_000));
    let parameters = contracts.turn_parameters().await.unwrap();
    assert!(parameters.window <= parameters.cap);
    let rpc = contracts.rpc();
    assert_eq!(l1_fee_upper_bound(rpc, 500).await.unwrap(), L1Fee::NoOracle);
    let fees = estimate_fees(rpc, FeeFloor::default()).await.unwrap();
    assert!(fees.max_fee_per_gas > fees.base_fee && fees.base_fee >= FeeFloor::default().base_fee);
}

async fn refusals(devnet: &Devnet, request: &Request, fulfilment: &opg_chain::bindings::Fulfilment) {
    let contracts = &devnet.contracts;
    assert_eq!(contracts.check(request, fulfilment).await.unwrap(), None);
    let mut dear = fulfilment.clone();
    dear.fee = MAX_FEE + 1;
    assert_eq!(contracts.check(request, &dear).await.unwrap(), Some(Refusal::FeeAboveMaximum));
    let mut altered = fulfilment.clone();
    altered.output = Bytes::from_static(b"forty-three");
    assert_eq!(contracts.check(request, &altered).await.unwrap(), Some(Refusal::WrongSignature));
}

/// A second answer reverts, and the reason is told by name.
async fn repeated(devnet: &Devnet, request: &Request, fulfilment: &opg_chain::bindings::Fulfilment) {
    use alloy::sol_types::SolCall;
    let fulfil = IInferenceHub::fulfilCall { req: request.clone().into(), fulfilment: fulfilment.clone() };
    let call = CallRequest {
        from: OPERATOR,
        to: devnet.book.inference_hub,
        value: U256::ZERO,
        data: fulfil.abi_encode().into(),
    };
    for error in [
        devnet.anvil.rpc.call(&call).await.unwrap_err(),
        devnet.anvil.rpc.estimate_gas(&call).await.unwrap_err(),
    ] {
        let rpc_trait::RpcError::Reverted { reason, .. } = &error else { panic!("{error}") };
        assert!(reason.contains("FulfilmentRejected"), "{reason}");
    }
}

/// Whatever is altered, some check notices.
fn altered(result: &RecordedResult) {
    type Alter = fn(&mut RecordedResult);
    let alterations: [(&str, Alter); 9] = [
        ("request id", |result| result.request_id = B256::ZERO),
        ("input hash", |result| result.input = Bytes::from_static(b"other")),
        ("output hash", |result| result.fulfilment.output = Bytes::from_static(b"other")),
        ("recorded digest", |result| result.recorded_digest = None),
        ("signature", |result| result.operator_key = Some(PAYER)),
        ("model version", |result| result.spec.as_mut().unwrap().unitsPerRequest += 1),
        ("fee within maximum", |result| result.request.maxFee = 1),
        ("fee within usage", |result| result.receipt.outputUnits = 0),
        ("times", |result| result.fulfilled.timestamp = result.receipt.issuedAt - 1),
    ];
    for (name, alter) in alterations {
        let mut result = result.clone();
        alter(&mut result);
        let failed: Vec<_> = verify_result(&result, None).into_iter().filter(|check| !check.ok).collect();
        assert!(failed.iter().any(|check| check.name == name), "{name}: {failed:?}");
    }
    let profile = hex::encode(result.spec.as_ref().unwrap().engineProfile);
    let profiled = |trace: String| {
        let checks = verify_result(result, Some(trace.as_bytes()));
        assert!(checks.iter().any(|check| check.name == "trace hash" && !check.ok), "{trace}");
        checks.into_iter().find(|check| check.name == "execution profile").unwrap()
    };
    assert!(profiled(format!(r#"{{"profile":"{profile}"}}"#)).ok);
    // Computed otherwise than registered, or not said how.
    let other = profiled(format!(r#"{{"profile":"{}"}}"#, "ab".repeat(32)));
    assert!(!other.ok && other.detail.contains(&profile), "{other:?}");
    assert!(!profiled("{}".to_owned()).ok);
    assert!(!profiled("no trace".to_owned()).ok);
}

/// Time from the receipt of a request's transaction, or from the event where that comes first, to the event seen by a
/// follower that polls every 5 ms.
async fn latency(devnet: &Devnet, follower: &Follower) {
    let mut cursor = Cursor::default();
    drain(follower, &mut cursor).await;
    let mut samples = Vec::new();
    for _ in 0..20 {
        let seen = async {
            loop {
                if let Some(segment) = follower.poll(&cursor).await.unwrap() {
                    let found = !requests(&segment.events).is_empty();
                    cursor = segment.cursor;
                    if found {
                        return Instant::now();
                    }
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let mined = async {
            devnet.request(b"{}").await;
            Instant::now()
        };
        let (seen, mined) = tokio::join!(seen, mined);
        samples.push(seen.saturating_duration_since(mined));
    }
    samples.sort_unstable();
    println!("event seen after its receipt: median {:?}, slowest {:?}", samples[10], samples[19]);
    assert!(samples[10] < Duration::from_millis(250), "{samples:?}");
}
