//! The index of vesting schedules: filled once, resumed after a cut, and read by what is due.

use alloy_primitives::{Address, B256};
use opg_store::{
    Store, StoreError,
    journal::IntentId,
    vesting::{self, CategoryTerms, GenesisId, Known, LastRelease, Look, ScheduleRow},
};
use opg_vesting::Schedule;

use crate::support::write;

const POLICY: B256 = B256::repeat_byte(9);

fn genesis(digest: u8) -> GenesisId {
    GenesisId { chain_id: 31337, vault: Address::repeat_byte(0x77), digest: B256::repeat_byte(digest) }
}

fn terms(id: u32, count: u32) -> CategoryTerms {
    CategoryTerms { id, name: format!("category {id}"), start: 1_000, cliff: 100, duration: 400, count }
}

fn schedule(category: u32, index: u32) -> Schedule {
    Schedule {
        category,
        index,
        beneficiary: Address::repeat_byte(index as u8),
        amount: u128::MAX >> 32,
        tge_amount: 7,
        revocable: true,
        transferable: false,
    }
}

fn at(time: u64) -> Look {
    Look { due_at: Some(time), look_at: Some(time) }
}

/// An index of two categories with three and two schedules, due at 1,000, 1,010, … in that order.
fn filled() -> Store {
    let store = Store::in_memory().unwrap();
    write(&store, |tx| {
        assert!(!vesting::begin(tx, &genesis(1), &[terms(0, 3), terms(4, 2)])?);
        for (number, (category, index)) in [(0, 0), (0, 1), (0, 2), (4, 0), (4, 1)].into_iter().enumerate() {
            vesting::insert(tx, &schedule(category, index), at(1_000 + 10 * number as u64))?;
        }
        vesting::finish(tx, POLICY)
    })
    .unwrap();
    store
}

fn due(store: &Store, now: u64, first: (u32, u32), limit: u32) -> Vec<(u32, u32)> {
    names(&store.read(|tx| vesting::due(tx, now, first, limit)).unwrap())
}

fn names(rows: &[ScheduleRow]) -> Vec<(u32, u32)> {
    rows.iter().map(|row| (row.schedule.category, row.schedule.index)).collect()
}

#[test]
fn a_fill_that_was_cut_off_goes_on_where_it_was() {
    let store = Store::in_memory().unwrap();
    let categories = [terms(0, 3)];
    write(&store, |tx| {
        vesting::begin(tx, &genesis(1), &categories)?;
        vesting::insert(tx, &schedule(0, 0), at(1))
    })
    .unwrap();
    let early = write(&store, |tx| vesting::finish(tx, POLICY)).unwrap_err().to_string();
    assert!(early.contains("category 0 has 1 schedules instead of 3"), "{early}");
    write(&store, |tx| {
        assert!(!vesting::begin(tx, &genesis(1), &categories)?, "not complete yet");
        assert_eq!((vesting::filled(tx, 0)?, vesting::filled(tx, 1)?), (1, 0));
        vesting::insert(tx, &schedule(0, 1), at(1))?;
        vesting::insert(tx, &schedule(0, 2), at(1))?;
        vesting::finish(tx, POLICY)?;
        assert!(vesting::begin(tx, &genesis(1), &categories)?);
        assert!(vesting::is_complete(tx)?);
        assert_eq!(vesting::policy(tx)?, Some(POLICY));
        assert!(vesting::insert(tx, &schedule(0, 2), at(1)).is_err(), "a schedule has one row");
        Ok(())
    })
    .unwrap();
}

#[test]
fn another_genesis_is_refused_in_words() {
    let store = filled();
    let other_vault = GenesisId { vault: Address::repeat_byte(0x78), ..genesis(1) };
    for other in [genesis(2), other_vault, GenesisId { chain_id: 8453, ..genesis(1) }] {
        let error = write(&store, |tx| vesting::begin(tx, &other, &[])).unwrap_err();
        assert!(matches!(error, StoreError::OtherGenesis { .. }));
        let text = error.to_string();
        for part in [&genesis(1).digest.to_string(), &other.vault.to_string(), "storage.path"] {
            assert!(text.contains(part), "{part} is missing in: {text}");
        }
    }
}

#[test]
fn what_is_due_comes_in_order_from_any_beginning() {
    let store = filled();
    assert_eq!(due(&store, 999, (0, 0), 10), []);
    assert_eq!(due(&store, 1_020, (0, 0), 10), [(0, 0), (0, 1), (0, 2)]);
    assert_eq!(due(&store, 2_000, (4, 1), 10), [(4, 1), (0, 0), (0, 1), (0, 2), (4, 0)]);
    assert_eq!(due(&store, 2_000, (0, 2), 3), [(0, 2), (4, 0), (4, 1)]);
    let rows = store.read(|tx| vesting::due(tx, 2_000, (0, 0), 1)).unwrap();
    assert_eq!(rows[0].schedule, schedule(0, 0), "a row is read as it was written");
    assert_eq!((rows[0].known, rows[0].look), (Known::default(), at(1_000)));
}

#[test]
fn every_row_is_on_exactly_one_page() {
    let store = filled();
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = names(&store.read(|tx| vesting::page(tx, after, 2)).unwrap());
        let Some(last) = page.last() else { break };
        after = Some(*last);
        seen.extend(page);
    }
    assert_eq!(seen, [(0, 0), (0, 1), (0, 2), (4, 0), (4, 1)]);
}

#[test]
fn a_schedule_in_flight_is_not_due_and_has_one_carrier() {
    let store = filled();
    let rows = store.read(|tx| vesting::due(tx, 1_010, (0, 0), 10)).unwrap();
    write(&store, |tx| vesting::mark(tx, &rows, IntentId(5))).unwrap();
    write(&store, |tx| vesting::mark(tx, &rows, IntentId(5))).unwrap();
    assert_eq!(due(&store, 1_020, (0, 0), 10), [(0, 2)]);

    let more = store.read(|tx| vesting::page(tx, None, 3)).unwrap();
    let error = write(&store, |tx| vesting::mark(tx, &more, IntentId(6))).unwrap_err();
    assert!(matches!(error, StoreError::AlreadyInFlight { category: 0, index: 0 }), "{error}");
    assert_eq!(store.read(vesting::in_flight).unwrap(), [IntentId(5)], "nothing of the second mark remains");

    let flying = store.read(|tx| vesting::of_intent(tx, IntentId(5))).unwrap();
    assert_eq!(names(&flying), [(0, 0), (0, 1)]);
    let known = Known { released: 12, revoked_total: Some(13), manual: true };
    write(&store, |tx| vesting::settle(tx, &flying[0], &known, 8, at(5_000), 2)).unwrap();
    let settled = store.read(|tx| vesting::page(tx, None, 1)).unwrap().remove(0);
    assert_eq!((settled.known, settled.as_of, settled.look), (known, 8, at(5_000)));
    assert_eq!((settled.skips, settled.intent), (2, None));
    assert_eq!(names(&store.read(|tx| vesting::of_intent(tx, IntentId(5))).unwrap()), [(0, 1)]);
}

#[test]
fn a_row_with_nothing_to_come_is_never_looked_at_again() {
    let store = filled();
    let row = store.read(|tx| vesting::page(tx, None, 1)).unwrap().remove(0);
    let known = Known { released: row.schedule.amount, ..Known::default() };
    write(&store, |tx| vesting::observe(tx, &row, &known, 9, Look::default())).unwrap();
    assert_eq!(due(&store, i64::MAX as u64, (0, 0), 10), [(0, 1), (0, 2), (4, 0), (4, 1)]);
}

#[test]
fn the_summary_counts_what_a_person_asks_for() {
    let store = filled();
    assert!(Store::in_memory().unwrap().read(|tx| vesting::summary(tx, 0)).unwrap().is_none());
    let rows = store.read(|tx| vesting::due(tx, 1_000, (0, 0), 1)).unwrap();
    let last = LastRelease { at: 990, intent: IntentId(4), schedules: 2, amount: u128::MAX };
    write(&store, |tx| {
        vesting::mark(tx, &rows, IntentId(5))?;
        vesting::note_release(tx, &last)
    })
    .unwrap();
    let summary = store.read(|tx| vesting::summary(tx, 1_025)).unwrap().unwrap();
    assert_eq!((summary.schedules, summary.complete), (5, true));
    assert_eq!((summary.due, summary.in_flight, summary.next_due_at), (2, 1, Some(1_030)));
    assert_eq!(summary.last_release, Some(last));
}

/// A database of many rows is read through the index: the plan must not scan the table or sort what it read from it.
#[test]
fn looking_for_due_rows_does_not_scan_the_table() {
    let store = filled();
    let plan: Vec<String> = store
        .read(|tx| {
            let mut statement = tx.prepare(
                "EXPLAIN QUERY PLAN SELECT number FROM vesting_schedules WHERE look_at <= 5 AND look_at IS NOT NULL \
                 AND intent IS NULL ORDER BY number < 7, number LIMIT 9",
            )?;
            let rows = statement.query_map([], |row| row.get(3))?;
            Ok::<_, StoreError>(rows.collect::<Result<_, _>>()?)
        })
        .unwrap();
    assert!(plan[0].contains("COVERING INDEX vesting_schedules_look"), "{plan:?}");
}
