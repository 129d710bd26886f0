//! The index of a large genesis: how long a first start takes, how long the next one, and the first look at what is due.
//!
//! ```sh
//! cargo test --locked --workspace --test it the_index_of_a_million_schedules -- --ignored --nocapture
//! ```

use std::{sync::Arc, time::Instant};

use alloy::primitives::{Address, U160};
use opg_node::Service as _;
use opg_store::Store;
use opg_vesting::{Curve, Schedule};

use super::{
    keeper::Keeper,
    vault::{FakeGenesis, FakeVault, MONTH, OPG, TGE},
};

const ROWS: u32 = 1_000_000;

fn genesis() -> FakeGenesis {
    let curve = Curve { start: TGE, cliff: 0, duration: 48 * MONTH as u32 };
    let schedules = (0..ROWS).map(|index| Schedule {
        category: 0,
        index,
        beneficiary: Address::from(U160::from(1 + index)),
        amount: 1_000 * OPG,
        tge_amount: 100 * OPG,
        revocable: false,
        transferable: false,
    });
    FakeGenesis::new(vec![(curve, schedules.collect())])
}

#[tokio::test]
#[ignore = "takes a minute and 1 GB of disk"]
async fn the_index_of_a_million_schedules() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let vault = Arc::new(FakeVault::new(genesis(), 1));
    // Past every turn of the first period.
    vault.mine(1_100);
    let mut keeper = Keeper::new(0, &vault, 3_600);
    keeper.store = Store::open(&path).unwrap();

    let start = Instant::now();
    keeper.start().await.unwrap();
    let first = start.elapsed();
    let again = Instant::now();
    keeper.start().await.unwrap();
    let second = again.elapsed();
    let pass = Instant::now();
    keeper.role().services().release.pass().await.unwrap();
    println!(
        "{ROWS} schedules: first start {:.1} s, next start {:.2} s, first pass {:.2} s, {} MB on disk",
        first.as_secs_f64(),
        second.as_secs_f64(),
        pass.elapsed().as_secs_f64(),
        std::fs::metadata(&path).unwrap().len() / 1_000_000,
    );
    assert!(keeper.intents() > 0, "everything is due, so something is sent");
}
