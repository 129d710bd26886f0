//! Runs of the model: capacity, failures, cancellation.

use std::{sync::atomic::Ordering, time::Duration};

use opg_engine::EngineError;
use opg_store::jobs::{self, JobState};

use crate::support::{Behaviour, World, passes, settle_down, turn};

fn crashed() -> Behaviour {
    Behaviour::Fail(EngineError::WorkerCrashed { detail: "killed by signal 9".to_owned() })
}

#[tokio::test]
async fn capacity_one_takes_one_job() {
    let world = World::new();
    let role = world.start().await;
    for _ in 0..5 {
        world.request();
        world.engine.then(Behaviour::Block);
    }
    let services = role.services();
    passes(&services.ingest).await;
    passes(&services.decide).await;
    for released in 0..5 {
        passes(&services.run).await;
        passes(&services.run).await;
        world.engine.running(1).await;
        assert_eq!(world.engine.runs(), released + 1);
        world.engine.release();
        world.engine.running(0).await;
        services.run.idle().await;
    }
    assert_eq!(world.engine.most_running.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn crash_of_the_engine_costs_a_repetition_of_one_job() {
    let world = World::new();
    let role = world.start().await;
    world.engine.then(crashed());
    let [first, second] = [(); 2].map(|()| world.request());
    turn(&world, &role, 10).await;
    assert_eq!([first, second].map(|id| world.state_of(id)), [JobState::Succeeded; 2]);
    assert_eq!([first, second].map(|id| world.job(id).attempts), [2, 1]);
}

#[tokio::test]
async fn job_that_crashes_the_engine_every_time_is_given_up_and_the_next_is_served() {
    let mut world = World::new();
    world.config.max_attempts = 3;
    let role = world.start().await;
    let poison = world.request();
    for _ in 0..3 {
        world.engine.then(crashed());
    }
    for _ in 0..6 {
        settle_down(&role).await;
        world.clock.forward(Duration::from_secs(10));
    }
    let job = world.job(poison);
    assert_eq!((job.state, job.attempts), (JobState::Failed, 3));
    let reason = job.reason.unwrap();
    assert!(reason.contains("after 3 runs") && reason.contains("killed by signal 9"), "{reason}");
    let next = world.request();
    turn(&world, &role, 5).await;
    assert_eq!(world.state_of(next), JobState::Succeeded);
}

#[tokio::test]
async fn error_that_repetition_cannot_help_is_not_repeated() {
    let world = World::new();
    let role = world.start().await;
    world.engine.then(Behaviour::Fail(EngineError::OutOfMemory { detail: "9 GiB".to_owned() }));
    let request_id = world.request();
    turn(&world, &role, 5).await;
    let job = world.job(request_id);
    assert_eq!((job.state, job.attempts, world.engine.runs()), (JobState::Failed, 1, 1));
    assert!(job.reason.unwrap().contains("out of memory"));
}

#[tokio::test]
async fn retries_wait_longer_each_time() {
    let world = World::new();
    let role = world.start().await;
    let request_id = world.request();
    let mut pauses = Vec::new();
    for _ in 0..3 {
        world.engine.then(crashed());
        settle_down(&role).await;
        let before = world.job(request_id);
        pauses.push(before.not_before - before.stages.started.unwrap());
        world.clock.forward(Duration::from_secs(60));
    }
    assert_eq!(pauses, [1_000, 2_000, 4_000]);
}

#[tokio::test]
async fn panic_in_the_engine_costs_a_repetition_of_one_job() {
    let world = World::new();
    let role = world.start().await;
    world.engine.then(Behaviour::Panic);
    let request_id = world.request();
    settle_down(&role).await;
    let job = world.job(request_id);
    assert_eq!(job.state, JobState::Accepted);
    assert!(job.reason.unwrap().contains("panicked"));
    world.clock.forward(Duration::from_secs(1));
    turn(&world, &role, 5).await;
    assert_eq!(world.state_of(request_id), JobState::Succeeded);
}

#[tokio::test]
async fn run_stops_when_its_job_is_cancelled_answered_by_another_or_overdue() {
    for stop in ["cancel", "another", "overdue"] {
        let world = World::new();
        let role = world.start().await;
        world.engine.then(Behaviour::Block);
        let request_id = world.request();
        let services = role.services();
        passes(&services.ingest).await;
        passes(&services.decide).await;
        passes(&services.run).await;
        world.engine.running(1).await;
        match stop {
            "cancel" => world.store().write(|tx| jobs::cancel(tx, world.job(request_id).id, 1)).unwrap(),
            "another" => {
                world.ledger.fulfilled_by_another(request_id);
            }
            _ => {
                world.ledger.mine_at(601, vec![]);
            }
        }
        passes(&services.ingest).await;
        passes(&services.settle).await;
        services.run.idle().await;
        world.engine.running(0).await;
        world.bury();
        settle_down(&role).await;
        let expected = match stop {
            "cancel" => JobState::Declined,
            "another" => JobState::Failed,
            _ => JobState::Expired,
        };
        assert_eq!(world.state_of(request_id), expected, "{stop}");
        assert_eq!((world.engine.runs(), world.intents(request_id)), (1, 0), "{stop}");
    }
}

#[tokio::test]
async fn no_job_is_begun_while_the_operator_is_not_active() {
    let world = World::new();
    let role = world.start().await;
    let id = world.request();
    let services = role.services();
    passes(&services.ingest).await;
    passes(&services.decide).await;
    assert_eq!(world.state_of(id), JobState::Accepted);
    world.ledger.state().signer = None;
    passes(&services.run).await;
    services.run.idle().await;
    assert_eq!((world.state_of(id), world.engine.runs()), (JobState::Accepted, 0));
    assert_eq!(role.metrics().inactive.load(Ordering::Relaxed), 1);

    world.ledger.state().signer = Some(world.key.address());
    turn(&world, &role, 8).await;
    assert_eq!(world.state_of(id), JobState::Succeeded);
    assert_eq!(role.metrics().inactive.load(Ordering::Relaxed), 0);
}
