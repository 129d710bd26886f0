//! What a role refuses to start with, and what a new policy changes.

use std::sync::Arc;

use opg_node::crank::CrankError;
use opg_store::StoreError;
use opg_vesting::{Curve, Schedule};

use super::{
    keeper::Keeper,
    vault::{FakeGenesis, FakeVault, MONTH, OPG, TGE},
};

const CURVE: Curve = Curve { start: TGE, cliff: 0, duration: 48 * MONTH as u32 };

fn genesis(amounts: &[u128]) -> FakeGenesis {
    let schedule = |(index, amount): (usize, &u128)| Schedule {
        category: 0,
        index: index as u32,
        beneficiary: alloy::primitives::Address::with_last_byte(1 + index as u8),
        amount: *amount,
        tge_amount: amount / 10,
        revocable: false,
        transferable: true,
    };
    FakeGenesis::new(vec![(CURVE, amounts.iter().enumerate().map(schedule).collect())])
}

fn vault(amounts: &[u128]) -> Arc<FakeVault> {
    Arc::new(FakeVault::new(genesis(amounts), 1))
}

#[tokio::test]
async fn an_unknown_category_is_refused_with_the_known_ones() {
    let mut keeper = Keeper::new(0, &vault(&[OPG]), 3_600);
    keeper.config.categories = vec!["investers".to_owned()];
    let error = keeper.start().await.unwrap_err();
    assert!(matches!(error, CrankError::UnknownCategory { .. }));
    let text = error.to_string();
    assert!(text.contains("`investers`") && text.contains("category-0"), "{text}");
}

#[tokio::test]
async fn an_index_of_another_genesis_is_refused() {
    let first = vault(&[OPG]);
    let mut keeper = Keeper::new(0, &first, 3_600);
    keeper.start().await.unwrap();
    let mut moved = Keeper::new(0, &vault(&[OPG, 2 * OPG]), 3_600);
    moved.store = keeper.store.clone();
    let error = moved.start().await.unwrap_err();
    assert!(matches!(error, CrankError::Store(StoreError::OtherGenesis { .. })), "{error}");
    keeper.start().await.unwrap();
    assert_eq!(keeper.rows().len(), 1, "nothing was added");
}

#[tokio::test]
async fn a_new_policy_is_followed_from_the_next_start_on() {
    let vault = vault(&[1_000 * OPG, 2_000 * OPG]);
    let mut keeper = Keeper::new(0, &vault, 3_600);
    let second = keeper.vault.genesis.schedules[0][1].beneficiary;
    keeper.config.except = [second].into();
    keeper.start().await.unwrap();
    assert_eq!(keeper.rows().iter().map(|row| row.look.due_at).collect::<Vec<_>>(), [Some(TGE), None]);

    keeper.config.except.clear();
    keeper.config.min_amount = 500 * OPG;
    keeper.start().await.unwrap();
    let due: Vec<_> = keeper.rows().iter().map(|row| row.look.due_at).collect();
    assert!(due.iter().all(|at| *at > Some(TGE + MONTH)), "100 and 200 of 500 OPG at first: {due:?}");
    assert!(due[0] > due[1], "twice the amount is there sooner");
}
