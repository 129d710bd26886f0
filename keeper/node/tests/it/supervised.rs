//! The role running by itself.

use std::{sync::atomic::Ordering, time::Duration};

use alloy::primitives::B256;
use opg_store::jobs::JobState;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::support::{Behaviour, World};

const PATIENCE: Duration = Duration::from_secs(20);

/// Lets journal and chain go on until the request is in `state`.
async fn until(world: &World, request_id: B256, state: JobState) {
    let reached = timeout(PATIENCE, async {
        loop {
            world.journal();
            world.ledger.mine(vec![]);
            tokio::time::sleep(Duration::from_millis(10)).await;
            let found = world.store().read(|tx| opg_store::jobs::by_request(tx, request_id)).unwrap();
            if found.is_some_and(|job| job.state == state) {
                return;
            }
        }
    });
    reached.await.unwrap_or_else(|_| panic!("not {state} in time: {:?}", world.job(request_id)));
}

#[tokio::test]
async fn services_answer_a_request_by_themselves_and_stop_when_told() {
    let world = World::new();
    let role = world.start().await;
    let shutdown = CancellationToken::new();
    let request_id = world.ledger.request(crate::support::CHAT, &crate::support::ask(), u128::MAX, 60_000);
    let (ended, ()) = tokio::join!(role.run(shutdown.clone()), async {
        until(&world, request_id, JobState::Succeeded).await;
        shutdown.cancel();
    });
    ended.unwrap();
    assert!(role.caught_up());
    let metrics = role.metrics();
    let counts =
        [&metrics.requests, &metrics.accepted, &metrics.answered, &metrics.submitted, &metrics.succeeded];
    assert_eq!(counts.map(|count| count.load(Ordering::Relaxed)), [1; 5]);
}

#[tokio::test]
async fn shutdown_waits_for_a_run_that_ends_soon_and_hands_its_answer_on() {
    let mut world = World::new();
    world.config.drain_time = PATIENCE;
    let role = world.start().await;
    world.engine.then(Behaviour::Block);
    let request_id = world.request();
    let shutdown = CancellationToken::new();
    let (ended, ()) = tokio::join!(role.run(shutdown.clone()), async {
        world.engine.running(1).await;
        shutdown.cancel();
        tokio::time::sleep(Duration::from_millis(50)).await;
        world.engine.release();
    });
    ended.unwrap();
    assert_eq!((world.state_of(request_id), world.intents(request_id)), (JobState::Submitted, 1));
}

#[tokio::test]
async fn shutdown_hands_back_a_run_that_takes_too_long() {
    let world = World::new();
    let role = world.start().await;
    world.engine.then(Behaviour::Block);
    let request_id = world.request();
    let shutdown = CancellationToken::new();
    let (ended, ()) = tokio::join!(role.run(shutdown.clone()), async {
        world.engine.running(1).await;
        shutdown.cancel();
    });
    ended.unwrap();
    world.engine.running(0).await;
    let job = world.job(request_id);
    assert_eq!((job.state, job.attempts), (JobState::Accepted, 0), "it is not the job's fault");
}

#[tokio::test]
async fn chain_that_is_down_for_a_while_is_survived_and_counted() {
    let world = World::new();
    let role = world.start().await;
    world.ledger.state().down = true;
    let request_id = world.ledger.request(crate::support::CHAT, &crate::support::ask(), u128::MAX, 60_000);
    let shutdown = CancellationToken::new();
    let (ended, ()) = tokio::join!(role.run(shutdown.clone()), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        world.ledger.state().down = false;
        until(&world, request_id, JobState::Succeeded).await;
        shutdown.cancel();
    });
    ended.unwrap();
    assert!(role.metrics().services[0].restarts.load(Ordering::Relaxed) >= 1);
}
