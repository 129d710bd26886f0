//! Cursors: saved whole, loaded in order, kept apart by name.

use alloy_primitives::B256;
use opg_store::{Store, StoreError, cursors};

#[test]
fn cursor_is_empty_until_saved_and_then_what_was_saved_last() {
    let store = Store::in_memory().unwrap();
    let blocks = [(7, B256::repeat_byte(7)), (9, B256::repeat_byte(9))];
    store
        .write(|tx| {
            assert_eq!(cursors::load(tx, "hub")?, vec![]);
            cursors::save(tx, "hub", &[(3, B256::ZERO)])?;
            cursors::save(tx, "hub", &[blocks[1], blocks[0]])?;
            cursors::save(tx, "other", &[(1, B256::ZERO)])
        })
        .unwrap();
    let loaded = store.read(|tx| cursors::load(tx, "hub")).unwrap();
    assert_eq!(loaded, blocks, "lowest block first, nothing of the earlier save or of the other cursor");
}

#[test]
fn cursor_refuses_a_block_that_no_chain_has() {
    let store = Store::in_memory().unwrap();
    let error = store.write(|tx| cursors::save(tx, "hub", &[(u64::MAX, B256::ZERO)])).unwrap_err();
    assert!(matches!(error, StoreError::OutOfRange { what: "block number", .. }), "{error}");
}

#[test]
fn cursor_and_effects_are_saved_together_or_not_at_all() {
    let store = Store::in_memory().unwrap();
    let failed: Result<(), StoreError> = store.write(|tx| {
        cursors::save(tx, "hub", &[(5, B256::ZERO)])?;
        Err(StoreError::OutOfRange { what: "anything", value: 0 })
    });
    failed.unwrap_err();
    assert_eq!(store.read(|tx| cursors::load(tx, "hub")).unwrap(), vec![]);
}
