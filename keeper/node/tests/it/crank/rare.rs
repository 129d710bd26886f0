//! Situations that a random run meets seldom.

use std::sync::{Arc, atomic::Ordering};

use alloy::primitives::Address;
use opg_store::vesting::Known;
use opg_vesting::{Curve, Schedule};

use super::{
    keeper::{FINALITY, Keeper},
    vault::{FakeGenesis, FakeVault, OPG, TGE},
};

const HOUR: u64 = 3_600;

/// Schedules that vest at once.
async fn keeper(count: u32) -> Keeper {
    let schedule = |index| Schedule {
        category: 0,
        index,
        beneficiary: Address::with_last_byte(1 + index as u8),
        amount: 5 * OPG,
        tge_amount: 5 * OPG,
        revocable: false,
        transferable: false,
    };
    let curve = Curve { start: TGE, cliff: 0, duration: 0 };
    let genesis = FakeGenesis::new(vec![(curve, (0..count).map(schedule).collect())]);
    let vault = Arc::new(FakeVault::new(genesis, 1));
    let mut keeper = Keeper::new(0, &vault, HOUR);
    keeper.start().await.unwrap();
    // The first period that begins after the TGE, and the keeper's turn in it.
    vault.mine(2 * HOUR);
    let into_hour = vault.chain().time() % HOUR;
    vault.mine(HOUR - into_hour + HOUR / 4);
    keeper
}

async fn bury(keeper: &Keeper) {
    for _ in 0..=FINALITY {
        keeper.journal(0).await;
        keeper.vault.mine(2);
    }
    keeper.journal(0).await;
    keeper.pass().await;
}

fn released(keeper: &Keeper) -> usize {
    let chain = keeper.vault.chain();
    keeper.vault.genesis.all().filter(|(schedule, _)| chain.state(schedule.id()).released > 0).count()
}

#[tokio::test]
async fn batches_stay_under_the_gas_of_the_policy() {
    let keeper = keeper(50).await;
    for _ in 0..30 {
        keeper.pass().await;
        bury(&keeper).await;
    }
    assert_eq!(released(&keeper), 50);
    let sizes: Vec<_> = keeper.vault.chain().mined().map(|mined| mined.paid).collect();
    // 300,000 gas: 30,000 for the transaction and 60,000 for each row.
    assert!(sizes.iter().all(|size| *size <= 4), "{sizes:?}");
    assert!(sizes.iter().filter(|size| **size == 4).count() >= 8, "few are much smaller: {sizes:?}");
}

#[tokio::test]
async fn only_so_many_transactions_wait_at_once() {
    let mut keeper = keeper(50).await;
    keeper.config.max_pending = 2;
    keeper.start().await.unwrap();
    for _ in 0..5 {
        keeper.pass().await;
    }
    assert_eq!(keeper.intents(), 2);
    bury(&keeper).await;
    assert_eq!(keeper.intents(), 4, "the next follow when these are mined");
}

#[tokio::test]
async fn dear_gas_is_waited_out() {
    let keeper = keeper(3).await;
    keeper.vault.chain().base_fee = 101;
    keeper.pass().await;
    assert_eq!(keeper.intents(), 0);
    assert_eq!(keeper.role().metrics().dear.load(Ordering::Relaxed), 1);
    keeper.vault.chain().base_fee = 100;
    keeper.pass().await;
    bury(&keeper).await;
    assert_eq!(released(&keeper), 3);
}

#[tokio::test]
async fn a_row_that_the_vault_leaves_out_rests_longer_each_time() {
    let keeper = keeper(2).await;
    let bad = keeper.vault.genesis.schedules[0][0];
    keeper.vault.chain().refused.insert(bad.beneficiary);
    // Forty days, hour by hour.
    for _ in 0..960 {
        keeper.pass().await;
        bury(&keeper).await;
        keeper.vault.mine(HOUR);
    }
    assert_eq!(released(&keeper), 1);
    let row = &keeper.rows()[0];
    assert!(row.skips >= 5 && row.skips < 12, "{row:?}");
    assert_eq!(keeper.vault.chain().mined().count(), 1, "what would pay nothing is never sent");

    keeper.vault.chain().refused.clear();
    for _ in 0..960 {
        keeper.pass().await;
        bury(&keeper).await;
        keeper.vault.mine(HOUR);
    }
    assert_eq!(released(&keeper), 2);
    assert_eq!(keeper.rows()[0].skips, 0);
}

#[tokio::test]
async fn a_release_that_never_reached_the_chain_is_made_in_the_next_period() {
    let keeper = keeper(1).await;
    keeper.pass().await;
    assert_eq!(keeper.intents(), 1);
    keeper
        .store
        .write(|tx| {
            tx.execute("UPDATE journal_intents SET state = 'failed', reason = 'late', closed_at = 1", [])?;
            Ok::<_, opg_store::StoreError>(())
        })
        .unwrap();
    keeper.pass().await;
    keeper.pass().await;
    assert_eq!(keeper.intents(), 1, "not again in the same period");
    assert!(keeper.rows()[0].intent.is_none());
    keeper.vault.mine(2 * HOUR);
    keeper.pass().await;
    assert_eq!(keeper.intents(), 2);
    bury(&keeper).await;
    assert_eq!(released(&keeper), 1);
}

#[tokio::test]
async fn a_release_of_somebody_else_that_a_reorganisation_undoes_is_made() {
    let keeper = keeper(1).await;
    let id = keeper.vault.genesis.schedules[0][0].id();
    keeper.vault.change(id, |state: &mut Known| state.released = 5 * OPG);
    keeper.pass().await;
    assert_eq!(keeper.intents(), 0);
    keeper.vault.reorg(1);
    for _ in 0..3 {
        keeper.vault.mine(HOUR);
        keeper.pass().await;
        bury(&keeper).await;
    }
    assert_eq!((released(&keeper), keeper.intents()), (1, 1));
}

#[tokio::test]
async fn a_keeper_that_dies_between_any_two_questions_sends_once() {
    for dies_after in 0..12 {
        let mut keeper = keeper(6).await;
        let before = keeper.vault.chain().questions;
        // Every question from here on fails: whatever the pass had done by then is what a killed process leaves.
        while keeper.vault.chain().questions < before + dies_after {
            keeper.pass().await;
            if keeper.intents() > 1 {
                break;
            }
        }
        keeper.start().await.unwrap();
        for _ in 0..4 {
            keeper.pass().await;
            bury(&keeper).await;
        }
        assert_eq!(released(&keeper), 6);
        let paid: usize = keeper.vault.chain().mined().map(|mined| mined.paid).sum();
        let skipped: usize = keeper.vault.chain().mined().map(|mined| mined.skipped).sum();
        assert_eq!((paid, skipped), (6, 0), "after {dies_after} questions");
    }
}
