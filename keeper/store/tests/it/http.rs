//! Payments, receipts and group commit of requests over HTTP.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use alloy_primitives::{Address, B256, Bytes, Signature, U256};
use opg_receipts::{InferenceReceipt, SignedReceipt};
use opg_store::{
    GroupError, GroupWriter, Store, StoreError,
    http::{self, Answer, Held, NewPayment, PaymentState, Release},
    journal::Intent,
};

use crate::support::write;

const SIGNER: Address = Address::repeat_byte(9);

fn word(number: u64) -> B256 {
    B256::from(U256::from(number).to_be_bytes())
}

fn payment(nonce: u64, request: u64) -> NewPayment {
    NewPayment {
        payer: Address::repeat_byte(1),
        nonce: word(nonce),
        scheme: "exact",
        request_id: word(request),
        asset: Address::repeat_byte(2),
        pay_to: Address::repeat_byte(3),
        amount: 7,
        call_hash: word(nonce + 1_000),
        valid_before: 100,
    }
}

fn intent(nonce: u64) -> Intent {
    Intent {
        key: format!("x402:{nonce}"),
        purpose: "a test".to_owned(),
        to: Address::repeat_byte(2),
        calldata: Bytes::new(),
        value: U256::ZERO,
        deadline: Some(100),
        max_cost: None,
    }
}

fn answer(request: u64, payer: Address, output: &str) -> Answer {
    let receipt = InferenceReceipt {
        requestId: word(request),
        payer,
        operator: Address::repeat_byte(4),
        modelVersion: word(5),
        inputHash: word(6),
        outputHash: word(7),
        traceHash: word(8),
        inputUnits: 1,
        outputUnits: 2,
        unitPrice: 3,
        fee: 7,
        mode: 0,
        issuedAt: 50,
    };
    Answer {
        signed: SignedReceipt::new(receipt, Signature::test_signature()),
        output: Bytes::copy_from_slice(output.as_bytes()),
        trace: Bytes::from_static(b"{}"),
        input_tokens: 10,
        output_tokens: 20,
    }
}

#[test]
fn a_payment_pays_for_one_request_for_ever() {
    let store = Store::in_memory().unwrap();
    let hold = |new: NewPayment| write(&store, |tx| http::hold(tx, &new, 1)).unwrap();
    assert_eq!(hold(payment(1, 10)), Held::New);
    assert!(matches!(hold(payment(1, 10)), Held::Again(known) if known.state == PaymentState::Held));
    assert!(matches!(hold(payment(1, 11)), Held::OfAnother(known) if known.request_id == word(10)));
    // Two payments for one request would be one too many, too.
    let second = write(&store, |tx| http::hold(tx, &payment(2, 10), 1));
    assert!(second.is_err());
}

#[test]
fn a_receipt_is_shown_once_its_payment_is_settled() {
    let store = Store::in_memory().unwrap();
    let new = payment(1, 10);
    let settle = || write(&store, |tx| http::settle(tx, new.payer, new.nonce, SIGNER, &intent(1), 1));
    assert!(settle().is_err(), "what is not held cannot be settled");
    write(&store, |tx| http::hold(tx, &new, 1)).unwrap();
    write(&store, |tx| http::store(tx, &answer(10, new.payer, "a"), Release::Settled)).unwrap();
    let released = || write(&store, |tx| http::released(tx, word(10))).unwrap();
    assert_eq!(released(), None);
    let first = settle().unwrap().unwrap();
    assert_eq!(settle().unwrap(), Some(first), "the same intent again");
    assert_eq!(released(), None);
    assert_eq!(write(&store, http::settling).unwrap(), [(new.payer, new.nonce, first)]);
    write(&store, |tx| http::note_settled(tx, new.payer, new.nonce, word(99))).unwrap();
    assert_eq!(released(), Some(answer(10, new.payer, "a")));
    assert!(write(&store, http::settling).unwrap().is_empty());
    assert!(
        write(&store, |tx| http::note_failed(tx, new.payer, new.nonce, "no")).is_err(),
        "settled is final"
    );
    assert_eq!(settle().unwrap(), None, "nothing is left to settle");
    // Nobody paid for this one.
    write(&store, |tx| http::store(tx, &answer(11, Address::ZERO, "b"), Release::Now)).unwrap();
    assert!(write(&store, |tx| http::released(tx, word(11))).unwrap().is_some());
}

#[test]
fn the_first_answer_to_a_request_stands() {
    let store = Store::in_memory().unwrap();
    let put = |output| {
        write(&store, |tx| http::store(tx, &answer(1, Address::ZERO, output), Release::Now)).unwrap()
    };
    assert_eq!(put("first"), None);
    assert_eq!(put("second"), Some(answer(1, Address::ZERO, "first")));
}

#[test]
fn only_what_was_never_settled_is_forgotten() {
    let store = Store::in_memory().unwrap();
    for nonce in 1..=3 {
        write(&store, |tx| http::hold(tx, &payment(nonce, nonce), 1)).unwrap();
    }
    write(&store, |tx| http::settle(tx, Address::repeat_byte(1), word(2), SIGNER, &intent(2), 1)).unwrap();
    write(&store, |tx| http::note_failed(tx, Address::repeat_byte(1), word(3), "no")).unwrap();
    assert_eq!(write(&store, |tx| http::forget_expired(tx, 99)).unwrap(), 0);
    assert_eq!(write(&store, |tx| http::forget_expired(tx, 100)).unwrap(), 1);
    let known = |nonce| write(&store, |tx| http::payment(tx, Address::repeat_byte(1), word(nonce))).unwrap();
    assert_eq!(known(1), None);
    assert!(known(2).is_some() && known(3).is_some());
}

#[tokio::test]
async fn changes_that_fail_do_not_touch_others_of_their_group() {
    let store = Store::in_memory().unwrap();
    let writer = GroupWriter::start(store.clone()).unwrap();
    // The first change holds the thread up, so that the others form a group.
    let first = tokio::spawn({
        let writer = writer.clone();
        async move {
            writer
                .write(|_| {
                    thread::sleep(Duration::from_millis(50));
                    Ok(())
                })
                .await
        }
    });
    let changes = (0..100_u64).map(|number| {
        let writer = writer.clone();
        tokio::spawn(async move {
            writer
                .write(move |tx| {
                    http::hold(tx, &payment(number, number), 1)?;
                    let failed = StoreError::OutOfRange { what: "given up", value: number };
                    if number % 3 == 0 { Err(failed) } else { Ok(number) }
                })
                .await
        })
    });
    for (number, change) in changes.collect::<Vec<_>>().into_iter().enumerate() {
        let outcome = change.await.unwrap();
        match number % 3 {
            0 => assert!(matches!(outcome, Err(GroupError::Change(StoreError::OutOfRange { .. })))),
            _ => assert_eq!(outcome.unwrap(), number as u64),
        }
        let known = write(&store, |tx| http::payment(tx, Address::repeat_byte(1), word(number as u64)));
        assert_eq!(known.unwrap().is_some(), number % 3 != 0);
    }
    first.await.unwrap().unwrap();
}

#[tokio::test]
async fn many_changes_share_few_commits() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("opg.db")).unwrap();
    let alone = Instant::now();
    for number in 0..50 {
        write(&store, |tx| http::store(tx, &answer(number, Address::ZERO, "x"), Release::Now)).unwrap();
    }
    let alone = alone.elapsed() / 50;
    let writer = GroupWriter::start(store).unwrap();
    let together = Instant::now();
    let done = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> = (1_000..2_000)
        .map(|number| {
            let (writer, done) = (writer.clone(), Arc::clone(&done));
            tokio::spawn(async move {
                writer
                    .write(move |tx| http::store(tx, &answer(number, Address::ZERO, "x"), Release::Now))
                    .await
                    .unwrap();
                done.fetch_add(1, Ordering::Relaxed);
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(done.load(Ordering::Relaxed), 1_000);
    // A thousand commits of their own would take a thousand times `alone`.
    assert!(together.elapsed() < alone * 500, "{:?} together, {alone:?} each alone", together.elapsed());
}
