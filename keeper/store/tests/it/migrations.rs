//! Databases of earlier keepers are brought up to date with what is in them.

use alloy_primitives::B256;
use opg_store::{Store, channels, http};
use rusqlite::Connection;

/// The layout before charges were stored by themselves.
const BEFORE_CHARGES: [&str; 9] = [
    include_str!("../../migrations/01_cursors.sql"),
    include_str!("../../migrations/02_jobs.sql"),
    include_str!("../../migrations/03_journal.sql"),
    include_str!("../../migrations/04_vesting.sql"),
    include_str!("../../migrations/05_http.sql"),
    include_str!("../../migrations/06_staking.sql"),
    include_str!("../../migrations/07_batches.sql"),
    include_str!("../../migrations/08_proofs.sql"),
    include_str!("../../migrations/09_channels.sql"),
];

/// A word, address, amount or signature of one byte, again and again, as SQL has it.
fn blob(byte: u8, length: usize) -> String {
    format!("x'{}'", format!("{byte:02x}").repeat(length))
}

fn receipt(request: u8, payer: u8) -> String {
    let word = blob(7, 32);
    format!(
        "INSERT INTO http_receipts (request_id, payer, operator, model_version, input_hash, output_hash, trace_hash, \
         input_units, output_units, unit_price, fee, mode, issued_at, signature, input_tokens, output_tokens, output, trace) \
         VALUES ({}, {}, {}, {word}, {word}, {word}, {word}, 1, 1, {}, {}, 0, 1, x'{}1b', 1, 1, x'', x'');",
        blob(request, 32),
        blob(payer, 20),
        blob(9, 20),
        blob(0, 16),
        blob(0, 16),
        "01".repeat(64),
    )
}

#[test]
fn what_was_charged_stays_charged_and_what_was_shown_stays_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let old = Connection::open(&path).unwrap();
    old.execute_batch(&BEFORE_CHARGES.concat()).unwrap();
    old.pragma_update(None, "user_version", BEFORE_CHARGES.len() as u32).unwrap();
    let (channel, amount) = (blob(5, 32), blob(1, 16));
    let account = blob(3, 20);
    old.execute_batch(&format!(
        "INSERT INTO channels (id, payer, payer_authorizer, receiver, receiver_authorizer, token, withdraw_delay, salt, base, \
         charged, maximum, signature, used_at, balance, claimed, withdrawal, seen_at) VALUES ({channel}, {account}, {account}, \
         {account}, {account}, {account}, 900, {}, {}, {amount}, {amount}, x'', 1, {amount}, {}, {}, 1);",
        blob(0, 32),
        blob(0, 16),
        blob(0, 16),
        blob(0, 16),
    ))
    .unwrap();
    let voucher = |maximum: u8, request: u8, fee: &str| {
        let (maximum, request) = (blob(maximum, 16), blob(request, 32));
        format!("INSERT INTO channel_vouchers VALUES ({channel}, {maximum}, {request}, {amount}, {fee}, 1);")
    };
    // Nobody pays for 1, a voucher paid for 2, and nothing for 3; a request was being worked on when the keeper ended.
    old.execute_batch(&[receipt(1, 0), receipt(2, 3), receipt(3, 3)].concat()).unwrap();
    old.execute_batch(&[voucher(1, 2, &amount), voucher(2, 4, "NULL")].concat()).unwrap();
    drop(old);

    let store = Store::open(&path).unwrap();
    let shown = |request| store.read(|tx| http::released(tx, B256::repeat_byte(request))).unwrap().is_some();
    assert_eq!([1, 2, 3].map(shown), [true, true, false]);
    let used = |maximum: u8| {
        let maximum = u128::from_be_bytes([maximum; 16]);
        store.read(|tx| channels::voucher(tx, B256::repeat_byte(5), maximum)).unwrap()
    };
    assert_eq!(used(1).map(|used| used.request_id), Some(B256::repeat_byte(2)));
    assert_eq!(used(2), None);
}
