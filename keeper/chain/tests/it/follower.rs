//! Following a chain that is reorganised, over endpoints that fail.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use alloy::primitives::B256;
use opg_chain::{
    events::{ChainEvent, Cursor, FollowError, Follower, FollowerConfig, Segment},
    rpc::Rpc,
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::json;

use crate::support::{
    book,
    chain::FakeChain,
    seed,
    server::{Reply, Server, config},
};

/// What a caller keeps: the consequences of events by block, and the cursor.
#[derive(Default)]
struct Consumer {
    cursor: Cursor,
    applied: BTreeMap<u64, Vec<B256>>,
    rollbacks: usize,
}

impl Consumer {
    fn apply(&mut self, segment: Segment) {
        if let Some(block) = segment.rollback_to {
            self.applied.split_off(&(block + 1));
            self.rollbacks += 1;
        }
        for logged in segment.events {
            let ChainEvent::CallbackFailed { request_id, .. } = logged.event else { panic!("{logged:?}") };
            self.applied.entry(logged.block).or_default().push(request_id);
        }
        self.cursor = segment.cursor;
    }

    async fn follow(&mut self, follower: &Follower) -> Result<(), FollowError> {
        while let Some(segment) = follower.poll(&self.cursor).await? {
            self.apply(segment);
        }
        Ok(())
    }

    fn events(&self) -> Vec<(u64, B256)> {
        self.applied.iter().flat_map(|(number, ids)| ids.iter().map(move |id| (*number, *id))).collect()
    }
}

async fn serve(chain: &FakeChain) -> Server {
    let chain = chain.clone();
    Server::start(move |method, parameters| chain.answer(method, parameters, 0)).await
}

fn follower(servers: &[&Server], adjust: impl FnOnce(&mut FollowerConfig)) -> Follower {
    let mut settings = FollowerConfig::new(book(31337));
    adjust(&mut settings);
    Follower::new(Rpc::lazy(config(servers)).unwrap(), settings)
}

fn fresh() -> FakeChain {
    FakeChain::new(book(31337).inference_hub)
}

#[tokio::test]
async fn catches_up_from_far_behind_in_bounded_steps() {
    let chain = fresh();
    for number in 0..1000 {
        chain.state().mine(u64::from(number % 7 == 0));
    }
    let server = serve(&chain).await;
    let follower = follower(&[&server], |settings| settings.max_range = 100);
    let mut consumer = Consumer::default();
    let first = follower.poll(&consumer.cursor).await.unwrap().unwrap();
    assert_eq!(first.behind(), 900, "progress is known");
    consumer.apply(first);
    consumer.follow(&follower).await.unwrap();
    assert_eq!(consumer.events(), chain.state().events());
    assert!(chain.state().longest_range <= 100);
}

#[tokio::test]
async fn finds_the_range_that_an_endpoint_bears() {
    let chain = fresh();
    for _ in 0..3000 {
        chain.state().mine(1);
    }
    chain.state().range_limit = 70;
    let server = serve(&chain).await;
    let follower = follower(&[&server], |_| {});
    let mut consumer = Consumer::default();
    let calls = server.calls();
    consumer.follow(&follower).await.unwrap();
    assert_eq!(consumer.events(), chain.state().events());
    assert!(server.calls() - calls < 500, "{} calls", server.calls() - calls);
}

#[tokio::test]
async fn the_same_cursor_gives_the_same_segment() {
    let chain = fresh();
    for _ in 0..40 {
        chain.state().mine(2);
    }
    let server = serve(&chain).await;
    let cursor = Cursor::default();
    let one = follower(&[&server], |_| {}).poll(&cursor).await.unwrap();
    let two = follower(&[&server], |_| {}).poll(&cursor).await.unwrap();
    assert_eq!(one, two);
    let saved = Cursor::from_blocks(one.as_ref().unwrap().cursor.blocks().to_vec());
    assert_eq!(saved, one.unwrap().cursor, "a cursor survives being saved");
}

#[tokio::test]
async fn rolls_back_to_the_common_ancestor_and_derives_anew() {
    let chain = fresh();
    for _ in 0..30 {
        chain.state().mine(1);
    }
    let server = serve(&chain).await;
    let follower = follower(&[&server], |_| {});
    let mut consumer = Consumer::default();
    consumer.follow(&follower).await.unwrap();
    chain.state().drop_blocks(4);
    for _ in 0..5 {
        chain.state().mine(1);
    }
    let segment = follower.poll(&consumer.cursor).await.unwrap().unwrap();
    assert_eq!(segment.rollback_to, Some(26));
    consumer.apply(segment);
    assert_eq!(consumer.events(), chain.state().events());
    assert_eq!(follower.poll(&consumer.cursor).await.unwrap(), None);
}

#[tokio::test]
async fn a_reorganisation_below_everything_remembered_starts_over() {
    let chain = fresh();
    for _ in 0..10 {
        chain.state().mine(1);
    }
    let server = serve(&chain).await;
    let follower = follower(&[&server], |_| {});
    let mut consumer = Consumer::default();
    consumer.follow(&follower).await.unwrap();
    chain.state().drop_blocks(10);
    for _ in 0..12 {
        chain.state().mine(1);
    }
    consumer.follow(&follower).await.unwrap();
    assert_eq!(consumer.rollbacks, 1);
    assert_eq!(consumer.events(), chain.state().events());
}

#[tokio::test]
async fn waits_for_confirmations() {
    let chain = fresh();
    for _ in 0..10 {
        chain.state().mine(1);
    }
    let server = serve(&chain).await;
    let follower = follower(&[&server], |settings| settings.confirmations = 3);
    let mut consumer = Consumer::default();
    consumer.follow(&follower).await.unwrap();
    assert_eq!(consumer.cursor.tip().map(|tip| tip.0), Some(7));
    chain.state().drop_blocks(3);
    for _ in 0..3 {
        chain.state().mine(1);
    }
    consumer.follow(&follower).await.unwrap();
    assert_eq!((consumer.rollbacks, consumer.cursor.tip().map(|tip| tip.0)), (0, Some(7)));
}

#[tokio::test]
async fn an_endpoint_that_is_behind_the_cursor_is_no_reorganisation() {
    let chain = fresh();
    for _ in 0..30 {
        chain.state().mine(1);
    }
    let lag = Arc::new(AtomicU64::new(0));
    let server = {
        let (chain, lag) = (chain.clone(), lag.clone());
        Server::start(move |method, parameters| chain.answer(method, parameters, lag.load(Ordering::SeqCst)))
            .await
    };
    let follower = follower(&[&server], |_| {});
    let mut consumer = Consumer::default();
    consumer.follow(&follower).await.unwrap();
    lag.store(9, Ordering::SeqCst);
    assert_eq!(follower.poll(&consumer.cursor).await.unwrap(), None);
}

#[tokio::test]
async fn forged_logs_move_nothing_and_another_endpoint_helps() {
    let chain = fresh();
    for _ in 0..5 {
        chain.state().mine(1);
    }
    let forger = {
        let chain = chain.clone();
        Server::start(move |method, parameters| match chain.answer(method, parameters, 0) {
            Reply::Result(mut logs) if method == "eth_getLogs" => {
                for log in logs.as_array_mut().unwrap() {
                    log["blockHash"] = json!(B256::repeat_byte(0xbb));
                }
                Reply::Result(logs)
            }
            reply => reply,
        })
        .await
    };
    let error = follower(&[&forger], |_| {}).poll(&Cursor::default()).await.unwrap_err();
    assert!(matches!(error, FollowError::Inconsistent { .. }) && error.is_retryable(), "{error}");
    let honest = serve(&chain).await;
    let mut consumer = Consumer::default();
    consumer.follow(&follower(&[&forger, &honest], |_| {})).await.unwrap();
    assert_eq!(consumer.events(), chain.state().events());
}

/// Random histories of mining, reorganisations, failures, lag and range limits: whatever happens, once the chain is at
/// rest the consumer holds exactly the chain's events.
#[tokio::test]
async fn ends_with_the_chains_events_whatever_happens() {
    let seed = seed();
    let mut rollbacks = 0;
    for schedule in 0..40 {
        let mut random = StdRng::seed_from_u64(seed.wrapping_add(schedule));
        let chain = fresh();
        let (lag, faults) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let dice = Arc::new(Mutex::new(StdRng::seed_from_u64(random.random())));
        let server = {
            let (chain, lag, faults) = (chain.clone(), lag.clone(), faults.clone());
            Server::start(move |method, parameters| {
                if dice.lock().unwrap().random_range(0..100) < faults.load(Ordering::SeqCst) {
                    return Reply::Status(503, "busy".to_owned());
                }
                chain.answer(method, parameters, lag.load(Ordering::SeqCst))
            })
            .await
        };
        let follower = follower(&[&server], |settings| settings.max_range = 40);
        let mut consumer = Consumer::default();
        for _ in 0..25 {
            match random.random_range(0..10) {
                0..5 => {
                    for _ in 0..random.random_range(1..60) {
                        chain.state().mine(random.random_range(0..3));
                    }
                }
                5..8 => {
                    let depth = random.random_range(1..25);
                    chain.state().drop_blocks(depth);
                    for _ in 0..random.random_range(0..depth + 3) {
                        chain.state().mine(random.random_range(0..3));
                    }
                }
                8 => chain.state().range_limit = random.random_range(1..50),
                _ => {
                    lag.store(random.random_range(0..5), Ordering::SeqCst);
                    faults.store(random.random_range(0..20), Ordering::SeqCst);
                }
            }
            for _ in 0..random.random_range(0..4) {
                if let Ok(Some(segment)) = follower.poll(&consumer.cursor).await {
                    consumer.apply(segment);
                }
            }
        }
        lag.store(0, Ordering::SeqCst);
        faults.store(0, Ordering::SeqCst);
        // A chain that ended shorter says nothing until it has grown past what was seen.
        for _ in 0..30 {
            chain.state().mine(1);
        }
        consumer.follow(&follower).await.unwrap();
        assert_eq!(consumer.events(), chain.state().events(), "seed {seed}, schedule {schedule}");
        rollbacks += consumer.rollbacks;
    }
    assert!(rollbacks > 20, "only {rollbacks} reorganisations were followed");
}
