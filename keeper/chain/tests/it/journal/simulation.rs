//! Thousands of random schedules of faults and crashes against the fake chain.
//!
//! `OPG_SIM_SEED` and `OPG_SIM_SCHEDULES` repeat a run or lengthen it. A failure names the seed of its schedule: running
//! that seed with one schedule repeats it.

use std::{
    env,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    time::Instant,
};

use alloy::signers::local::PrivateKeySigner;
use opg_store::Store;

use super::{coverage::Coverage, schedule::Schedule};

/// Below this many schedules the rarest faults need not occur.
const ENOUGH: u64 = 10_000;

#[test]
fn every_intent_ends_on_chain_exactly_once_or_is_reported_failed() {
    let number = |name: &str, default: u64| {
        env::var(name).map_or(default, |text| text.parse().expect("a number in the environment"))
    };
    let schedules = number("OPG_SIM_SCHEDULES", ENOUGH);
    let first = number("OPG_SIM_SEED", rand::random::<u32>().into());
    println!("OPG_SIM_SEED={first} OPG_SIM_SCHEDULES={schedules}");
    let began = Instant::now();
    let mut coverage = Coverage::default();
    for seed in first..first + schedules {
        let (store, key) = fresh();
        let outcome =
            catch_unwind(AssertUnwindSafe(|| Schedule::new(seed, &store, &key, coverage.clone()).run()));
        coverage = outcome.unwrap_or_else(|panic| {
            println!("FAILED: repeat with OPG_SIM_SEED={seed} OPG_SIM_SCHEDULES=1");
            resume_unwind(panic)
        });
    }
    println!("{schedules} schedules in {:.1} s\n{}", began.elapsed().as_secs_f64(), coverage.table());
    if schedules >= ENOUGH {
        assert!(coverage.never().is_empty(), "never exercised: {:?}", coverage.never());
    }
}

fn fresh() -> (Store, PrivateKeySigner) {
    let key = PrivateKeySigner::from_slice(&[7; 32]).unwrap();
    let store = Store::in_memory().unwrap();
    store
        .read(|db| {
            db.set_prepared_statement_cache_capacity(64);
            Ok::<_, opg_store::StoreError>(())
        })
        .unwrap();
    (store, key)
}
