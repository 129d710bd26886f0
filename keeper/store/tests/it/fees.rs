//! Sums of fees: payments that ended, events that may be undone, and databases from before there were any.

use alloy_primitives::{Address, B256, Bytes, U256};
use opg_store::{
    Store, StoreError,
    fees::{self, Kind, Payments},
    http::{self, NewPayment},
    journal::Intent,
};
use rusqlite::Connection;

const OPERATOR: Address = Address::repeat_byte(0x0b);
const OTHER: Address = Address::repeat_byte(0x0c);
const VAULT: Address = Address::repeat_byte(3);
const SIGNER: Address = Address::repeat_byte(9);

/// A payment of 7 wei that is on its way.
fn settling(store: &Store, nonce: u8) -> (Address, B256) {
    let (payer, nonce) = (Address::repeat_byte(1), B256::repeat_byte(nonce));
    let new = NewPayment {
        payer,
        nonce,
        scheme: "exact",
        request_id: nonce,
        asset: Address::repeat_byte(2),
        pay_to: VAULT,
        amount: 7,
        call_hash: B256::ZERO,
        valid_before: 100,
    };
    let intent = Intent {
        key: nonce.to_string(),
        purpose: "a test".to_owned(),
        to: new.asset,
        calldata: Bytes::new(),
        value: U256::ZERO,
        deadline: None,
        max_cost: None,
    };
    store
        .write(|tx| {
            http::hold(tx, &new, 1)?;
            http::settle(tx, payer, nonce, SIGNER, &intent, 1)
        })
        .unwrap();
    (payer, nonce)
}

#[test]
fn payments_are_counted_when_they_end_and_once() {
    let store = Store::in_memory().unwrap();
    let payments: Vec<_> = (1..=4).map(|nonce| settling(&store, nonce)).collect();
    for (payer, nonce) in &payments[..2] {
        store.write(|tx| http::note_settled(tx, *payer, *nonce, B256::ZERO)).unwrap();
        // It has ended: to note it again fails, and counts nothing.
        assert!(store.write(|tx| http::note_settled(tx, *payer, *nonce, B256::ZERO)).is_err());
    }
    let (payer, nonce) = payments[2];
    store.write(|tx| http::note_failed(tx, payer, nonce, "too late")).unwrap();
    let sums = store.read(fees::payments).unwrap();
    assert_eq!(sums[&VAULT], Payments { settled: 14, refused: 7 });
    let open = store.read(fees::settling).unwrap();
    let open: Vec<_> = open.iter().map(|payment| (payment.nonce, payment.pay_to, payment.amount)).collect();
    assert_eq!(open, [(payments[3].1, VAULT, 7)]);
}

#[test]
fn a_database_from_before_counts_what_had_ended() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("opg.db");
    let store = Store::open(&path).unwrap();
    for nonce in 1..=3 {
        let (payer, nonce) = settling(&store, nonce);
        store.write(|tx| http::note_settled(tx, payer, nonce, B256::ZERO)).unwrap();
    }
    let (payer, nonce) = settling(&store, 4);
    store.write(|tx| http::note_failed(tx, payer, nonce, "too late")).unwrap();
    drop(store);
    // As an older keeper would have left it.
    let older = Connection::open(&path).unwrap();
    for table in ["fee_versions", "fee_payments", "fee_sums", "fee_waiting", "fee_report"] {
        older.execute(&format!("DROP TABLE {table}"), []).unwrap();
    }
    older.execute("ALTER TABLE http_receipts DROP COLUMN released", []).unwrap();
    older.execute("DROP TABLE pruned_receipts", []).unwrap();
    older.execute("DROP INDEX batches_kept", []).unwrap();
    older.execute("ALTER TABLE batches DROP COLUMN expired", []).unwrap();
    older.execute("ALTER TABLE channel_vouchers RENAME COLUMN charged_at TO held_at", []).unwrap();
    older.pragma_update(None, "user_version", 9).unwrap();
    drop(older);
    let store = Store::open(&path).unwrap();
    assert_eq!(store.read(fees::payments).unwrap()[&VAULT], Payments { settled: 21, refused: 7 });
}

#[test]
fn sums_follow_the_chain_back_and_forth() {
    let store = Store::in_memory().unwrap();
    let add = |operator, kind, block, wei| {
        store.write(|tx| fees::add(tx, operator, (VAULT, kind), block, wei)).unwrap();
    };
    let sum =
        |operator, kind| store.read(|tx| fees::sums(tx, operator)).unwrap().get(&(VAULT, kind)).copied();
    add(OPERATOR, Kind::Credited, 5, 10);
    add(OPERATOR, Kind::Credited, 5, 1);
    add(OPERATOR, Kind::Credited, 9, 100);
    add(OPERATOR, Kind::Burned, 9, 3);
    add(OTHER, Kind::Credited, 9, 50);
    assert_eq!(sum(OPERATOR, Kind::Credited), Some(111));
    store.write(|tx| fees::roll_back(tx, OPERATOR, 8)).unwrap();
    assert_eq!((sum(OPERATOR, Kind::Credited), sum(OPERATOR, Kind::Burned)), (Some(11), None));
    assert_eq!(sum(OTHER, Kind::Credited), Some(50), "another operator's books are its own");
    add(OPERATOR, Kind::Credited, 12, 4);
    add(OPERATOR, Kind::Credited, 20, 5);
    // What lies deep is kept as one row, and what lies above it can still be undone.
    store.write(|tx| fees::compact(tx, OPERATOR, 15)).unwrap();
    let rows = store
        .read(|tx| {
            let sql = "SELECT COUNT(*) FROM fee_sums WHERE operator = ?";
            Ok::<i64, StoreError>(tx.query_row(sql, [OPERATOR.0.0], |row| row.get(0))?)
        })
        .unwrap();
    assert_eq!((rows, sum(OPERATOR, Kind::Credited)), (2, Some(20)));
    store.write(|tx| fees::roll_back(tx, OPERATOR, 15)).unwrap();
    assert_eq!(sum(OPERATOR, Kind::Credited), Some(15));
}

#[test]
fn waiting_begins_once_and_ends_with_what_waited() {
    let store = Store::in_memory().unwrap();
    let since = |waits, now| store.write(|tx| fees::waiting_since(tx, "vault", waits, now)).unwrap();
    assert_eq!([since(true, 10), since(true, 20)], [10, 10]);
    since(false, 30);
    assert_eq!(since(true, 40), 40);
}
