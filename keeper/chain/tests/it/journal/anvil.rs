//! The journal against a real node.

use std::time::{Duration, Instant};

use alloy::{
    consensus::{SignableTransaction, TxEip1559},
    eips::eip2718::Encodable2718,
    network::TxSigner,
    primitives::{Address, Bytes, TxKind, U256},
};
use opg_chain::{
    journal::{self, Alert, Asked, AttemptKind, IntentState, JournalConfig},
    rpc_trait::ChainRpc,
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::node::{Bench, CHAIN_ID, config, plain};

/// Base fee in wei as anvil's parameters want it.
fn gwei(amount: u64) -> U256 {
    U256::from(amount) * U256::from(1_000_000_000_u64)
}

#[tokio::test]
async fn a_stuck_first_transaction_is_replaced_and_those_behind_it_follow() {
    let bench = Bench::new(&["--no-mining"], config()).await;
    let first = bench.enqueue("first");
    let second = bench.enqueue("second");
    bench.tick().await;
    assert_eq!(bench.state(first), IntentState::Broadcast);
    assert_eq!(bench.state(second), IntentState::Broadcast);
    // More than twice the base fee both have offered for.
    bench.anvil.ask("anvil_setNextBlockBaseFeePerGas", json!([gwei(4)])).await;
    bench.mine_and_tick(1).await;
    for _ in 0..6 {
        bench.mine_and_tick(1).await;
    }
    for id in [first, second] {
        let details = bench.db(|tx| journal::show(tx, id));
        let IntentState::Confirmed { hash, success: true, .. } = details.record.state else {
            panic!("{details:#?}")
        };
        let attempts = &details.slots[0].attempts;
        assert!(attempts.len() > 1, "not replaced: {attempts:#?}");
        assert_ne!(attempts[0].hash, hash);
    }
    assert_eq!(bench.anvil.rpc.transaction_count(bench.key.address()).await.unwrap(), 2);
}

#[tokio::test]
async fn a_confirmed_transaction_that_a_reorg_removes_is_mined_again() {
    let bench = Bench::new(&["--no-mining"], config()).await;
    bench.anvil.mine(4).await;
    let id = bench.enqueue("call");
    bench.tick().await;
    bench.mine_and_tick(1).await;
    let IntentState::Confirmed { hash, .. } = bench.state(id) else { panic!("{:?}", bench.state(id)) };
    bench.mine_and_tick(1).await;

    bench.anvil.ask("anvil_reorg", json!([3, []])).await;
    assert!(bench.anvil.rpc.receipt(hash).await.unwrap().is_none(), "the reorg kept the transaction");
    bench.tick().await;
    assert_eq!(bench.state(id), IntentState::Broadcast, "reopened");
    bench.mine_and_tick(1).await;
    let IntentState::Confirmed { hash: again, success, .. } = bench.state(id) else { panic!() };
    assert!(again == hash && success, "the same bytes, mined again");
    bench.mine_and_tick(6).await;
    assert!(bench.db(|tx| journal::record(tx, id)).closed_at.is_some());
    assert_eq!(bench.anvil.rpc.transaction_count(bench.key.address()).await.unwrap(), 1);
}

#[tokio::test]
async fn a_transaction_dropped_from_the_pool_is_sent_again_with_the_same_bytes() {
    let bench = Bench::new(&["--no-mining"], config()).await;
    let id = bench.enqueue("call");
    bench.tick().await;
    let hash = bench.db(|tx| journal::show(tx, id)).slots[0].attempts[0].hash;
    bench.anvil.ask("anvil_dropTransaction", json!([hash])).await;
    assert!(!bench.anvil.rpc.knows_transaction(hash).await.unwrap(), "still in the pool");
    bench.tick().await;
    assert!(bench.anvil.rpc.knows_transaction(hash).await.unwrap(), "not sent again");
    bench.mine_and_tick(1).await;
    let details = bench.db(|tx| journal::show(tx, id));
    assert!(matches!(details.record.state, IntentState::Confirmed { hash: mined, .. } if mined == hash));
    assert_eq!((details.slots[0].attempts.len(), details.slots[0].attempts[0].sends), (1, 2));
}

#[tokio::test]
async fn an_intent_whose_nonce_somebody_else_used_gets_a_fresh_one_once_that_is_final() {
    let bench = Bench::new(&["--no-mining"], config()).await;
    bench.anvil.mine(10).await;
    let id = bench.enqueue("call");
    bench.tick().await;
    let ours = bench.db(|tx| journal::show(tx, id)).slots[0].attempts[0].hash;
    bench.anvil.ask("anvil_dropTransaction", json!([ours])).await;
    send_by_hand(&bench, 0).await;
    bench.mine_and_tick(1).await;
    let record = bench.db(|tx| journal::record(tx, id));
    assert!(record.hold.as_deref().is_some_and(|hold| hold.contains("not the journal's")), "{record:?}");
    assert_eq!(record.nonce, Some(0), "it moved before the other transaction was final");

    bench.mine_and_tick(5).await;
    bench.mine_and_tick(1).await;
    let details = bench.db(|tx| journal::show(tx, id));
    assert!(matches!(details.record.state, IntentState::Confirmed { success: true, .. }), "{details:#?}");
    assert_eq!(details.slots.iter().map(|slot| slot.nonce).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(bench.anvil.rpc.transaction_count(bench.key.address()).await.unwrap(), 2);
}

#[tokio::test]
async fn a_hole_in_the_nonces_is_filled() {
    let bench = Bench::new(&["--no-mining"], config()).await;
    let (signer, id) = (bench.key.address(), bench.enqueue("call"));
    // As after a restored backup: our nonce lies above one that nobody uses.
    bench.db(|tx| opg_store::journal::assign(tx, signer, id, 1, 0, 0));
    for _ in 0..3 {
        bench.mine_and_tick(1).await;
    }
    assert!(matches!(bench.state(id), IntentState::Confirmed { success: true, .. }), "{:?}", bench.state(id));
    assert_eq!(bench.anvil.rpc.transaction_count(signer).await.unwrap(), 2);
}

#[tokio::test]
async fn cancelling_replaces_the_call_by_a_transfer_to_oneself() {
    let bench = Bench::new(&["--no-mining"], config()).await;
    let id = bench.enqueue("call");
    bench.tick().await;
    assert_eq!(bench.db(|tx| journal::request_cancel(tx, id, "changed my mind", 0)), Asked::Noted);
    bench.tick().await;
    bench.mine_and_tick(1).await;
    assert_eq!(bench.state(id), IntentState::Broadcast, "not failed before the cancellation is final");
    bench.mine_and_tick(6).await;
    assert_eq!(bench.state(id), IntentState::Failed { reason: "changed my mind".into() });
    let attempts = bench.db(|tx| journal::show(tx, id)).slots.remove(0).attempts;
    assert_eq!(
        attempts.iter().map(|one| one.kind).collect::<Vec<_>>(),
        [AttemptKind::Call, AttemptKind::Void]
    );
}

#[tokio::test]
async fn an_empty_account_pauses_the_journal_until_it_is_funded() {
    let bench = Bench::new(&["--no-mining"], config()).await;
    bench.anvil.fund(bench.key.address(), U256::from(1000)).await;
    let id = bench.enqueue("call");
    let status = bench.tick().await;
    assert_eq!(bench.state(id), IntentState::Queued);
    assert!(matches!(status.alerts[..], [Alert::InsufficientFunds { .. }]), "{status:?}");
    let seen = bench.db(|tx| journal::alert(tx, bench.key.address())).unwrap().0;
    assert!(seen.contains("insufficient funds"), "{seen}");

    bench.anvil.fund(bench.key.address(), gwei(1_000_000_000)).await;
    let status = bench.tick().await;
    assert!(status.alerts.is_empty(), "{status:?}");
    assert_eq!(bench.state(id), IntentState::Broadcast);
    assert_eq!(bench.db(|tx| journal::alert(tx, bench.key.address())), None);
}

#[tokio::test]
async fn a_call_that_reverts_fails_with_its_reason_and_takes_no_nonce() {
    let bench = Bench::new(&["--no-mining"], config()).await;
    let target = Address::repeat_byte(0xbb);
    // PUSH0 PUSH0 REVERT
    bench.anvil.ask("anvil_setCode", json!([target, "0x5f5ffd"])).await;
    let id = bench.enqueue_intent(&journal::Intent { to: target, ..plain("reverts") });
    bench.tick().await;
    assert_eq!(bench.state(id), IntentState::Queued, "one revert may be the fault of a lagging node");
    for _ in 0..3 {
        bench.mine_and_tick(1).await;
    }
    let IntentState::Failed { reason } = bench.state(id) else { panic!("{:?}", bench.state(id)) };
    assert!(reason.contains("revert"), "{reason}");
    let after = bench.enqueue("after");
    bench.tick().await;
    assert_eq!(bench.db(|tx| journal::record(tx, after)).nonce, Some(0));
}

#[tokio::test]
async fn a_fresh_intent_is_broadcast_within_milliseconds() {
    let settings = JournalConfig { poll_interval: Duration::from_secs(60), ..config() };
    let bench = Bench::new(&[], settings).await;
    let (journal, shutdown) = (bench.journal.clone(), CancellationToken::new());
    let mut status = journal.status();
    let waker = journal.waker();
    let running = tokio::spawn({
        let shutdown = shutdown.clone();
        async move { journal.run(shutdown).await }
    });
    status.wait_for(|status| status.reconciled).await.unwrap();
    let mut times = Vec::new();
    for round in 0..30 {
        let began = Instant::now();
        let id = bench.enqueue(&format!("call {round}"));
        waker.wake();
        while matches!(bench.state(id), IntentState::Queued | IntentState::Prepared) {
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
        times.push(began.elapsed());
    }
    shutdown.cancel();
    running.await.unwrap().unwrap();
    times.sort();
    println!("enqueue to broadcast: p50 {:?}, p90 {:?}, max {:?}", times[15], times[27], times[29]);
    // The poll interval is a minute: whatever is far below it came from the wake-up. The margin is for loaded machines.
    assert!(times[15] < Duration::from_millis(500), "{times:?}");
}

/// Somebody else with the key sends a transaction.
async fn send_by_hand(bench: &Bench, nonce: u64) {
    let mut transaction = TxEip1559 {
        chain_id: CHAIN_ID,
        nonce,
        gas_limit: 21_000,
        max_fee_per_gas: 20_000_000_000,
        max_priority_fee_per_gas: 2_000_000_000,
        to: TxKind::Call(Address::repeat_byte(0xcc)),
        ..TxEip1559::default()
    };
    let signature = bench.key.sign_transaction(&mut transaction).await.unwrap();
    let raw = Bytes::from(transaction.into_signed(signature).encoded_2718());
    #[expect(clippy::disallowed_methods, reason = "this is the transaction that is not the journal's")]
    bench.anvil.rpc.send_raw(&raw).await.unwrap();
}
