//! The keeper dies at each stage and is started again: the answer is delivered once, and nothing is computed twice that
//! was finished.

use opg_node::{Service, inference::InferenceRole};
use opg_store::jobs::JobState;

use crate::support::{Behaviour, World, passes, turn};

/// Takes a fresh request to `stage` and no further.
async fn up_to(world: &World, role: &InferenceRole, stage: JobState) {
    let services = role.services();
    passes(&services.ingest).await;
    if stage == JobState::Seen {
        return;
    }
    passes(&services.decide).await;
    if stage == JobState::Accepted {
        return;
    }
    passes(&services.run).await;
    if stage == JobState::Running {
        world.engine.running(1).await;
        return;
    }
    services.run.idle().await;
    if stage == JobState::Answered {
        return;
    }
    passes(&services.submit).await;
}

#[tokio::test]
async fn death_at_any_stage_costs_nothing_but_the_run_in_progress() {
    for stage in
        [JobState::Seen, JobState::Accepted, JobState::Running, JobState::Answered, JobState::Submitted]
    {
        let world = World::new();
        let request_id = world.request();
        let role = world.start().await;
        if stage == JobState::Running {
            world.engine.then(Behaviour::Block);
        }
        up_to(&world, &role, stage).await;
        assert_eq!(world.state_of(request_id), stage);
        drop(role);
        tokio::task::yield_now().await;

        let role = world.start().await;
        turn(&world, &role, 6).await;
        let job = world.job(request_id);
        assert_eq!(job.state, JobState::Succeeded, "after death when {stage}: {job:?}");
        assert_eq!(world.intents(request_id), 1, "after death when {stage}");
        assert_eq!(world.ledger.fulfilments(request_id), 1, "after death when {stage}");
        let runs = if stage == JobState::Running { 2 } else { 1 };
        assert_eq!(world.engine.runs(), runs, "after death when {stage}");
    }
}

#[tokio::test]
async fn death_after_the_transaction_is_mined_repeats_nothing() {
    let world = World::new();
    let request_id = world.request();
    let role = world.start().await;
    up_to(&world, &role, JobState::Submitted).await;
    world.journal();
    drop(role);
    let role = world.start().await;
    turn(&world, &role, 6).await;
    assert_eq!(world.state_of(request_id), JobState::Succeeded);
    assert_eq!((world.intents(request_id), world.engine.runs()), (1, 1));
}

#[tokio::test]
async fn death_on_every_second_step_still_answers_everything() {
    let world = World::new();
    let ids: Vec<_> = (0..4).map(|_| world.request()).collect();
    for step in 0..60_u32 {
        let role = world.start().await;
        let services = role.services();
        let service: &dyn Service = match step % 5 {
            0 => &services.ingest,
            1 => &services.decide,
            2 => &services.run,
            3 => &services.submit,
            _ => &services.settle,
        };
        passes(&services.ingest).await;
        passes(service).await;
        services.run.idle().await;
        world.journal();
        world.ledger.mine(vec![]);
    }
    for id in ids {
        assert_eq!(world.state_of(id), JobState::Succeeded);
        assert_eq!((world.intents(id), world.ledger.fulfilments(id)), (1, 1));
    }
    assert_eq!(world.engine.runs(), 4);
}
