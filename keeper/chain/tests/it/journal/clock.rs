//! The machine's clock is wrong: what the chain would still take is brought there all the same.

use std::sync::{Arc, Mutex};

use alloy::signers::local::PrivateKeySigner;
use futures::executor::block_on;
use opg_chain::journal::{self, Intent, IntentState, Journal, JournalConfig};
use opg_store::Store;
use rand::{SeedableRng, rngs::StdRng};

use super::{
    calls::{self, Behaviour},
    fake_chain::Chain,
    fake_rpc::{Faults, FaultySigner, Shared, World},
};

const START: u64 = 1_000_000;
const HOUR: u64 = 3_600;

/// What becomes of a call that the contract takes until an hour after the start, while the clock is wrong by `skew`, and whose
/// journal begins when the chain is `since` seconds further.
fn outcome(skew: i64, since: u64) -> IntentState {
    let store = Store::in_memory().unwrap();
    let now = |chain: u64| chain.saturating_add_signed(skew);
    let world = World {
        chain: Chain::new(10_000_000_000_000, 0, START),
        rng: StdRng::seed_from_u64(1),
        now: now(START),
        crash_in: None,
        faults: Faults::default(),
        outage: false,
        strict: false,
        coverage: super::coverage::Coverage::default(),
        store: store.clone(),
    };
    let world = Shared(Arc::new(Mutex::new(world)));
    let key = PrivateKeySigner::from_slice(&[7; 32]).unwrap();
    let address = key.address();
    let signer = Arc::new(FaultySigner { key, world: world.clone() });
    let config = JournalConfig { confirmations: 1, finality: 2, ..JournalConfig::new(31337) };
    let (rpc, clock) = (Arc::new(world.clone()), Arc::new(world.clone()));
    let journal = Journal::with_clock(store.clone(), rpc, signer, config, clock).unwrap();

    let intent = Intent { deadline: Some(START + HOUR), ..calls::intent(1, Behaviour::Works) };
    let id = store.write(|tx| journal::enqueue(tx, address, &intent, now(START))).unwrap();
    for block in 1..20 {
        let time = START + since + 2 * block;
        {
            let mut world = world.lock();
            world.now = now(time);
            world.chain.mine(time, true);
        }
        block_on(journal.tick()).unwrap();
    }
    store.read(|tx| journal::outcome(tx, id)).unwrap()
}

#[test]
fn a_clock_that_is_ahead_by_a_day_ends_nothing_that_the_chain_still_takes() {
    for skew in [-24 * HOUR as i64, -40, 40, 24 * HOUR as i64] {
        let ended = outcome(skew, 0);
        assert!(matches!(ended, IntentState::Confirmed { success: true, .. }), "{skew} s: {ended:?}");
    }
}

#[test]
fn what_is_late_by_the_chain_and_by_the_clock_is_not_sent() {
    for skew in [-60, 0, 24 * HOUR as i64] {
        let ended = outcome(skew, HOUR + 100);
        assert!(
            matches!(&ended, IntentState::Failed { reason } if reason.contains("deadline")),
            "{skew} s: {ended:?}"
        );
    }
}
