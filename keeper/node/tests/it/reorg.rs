//! The chain changes its mind.

use opg_store::jobs::JobState;

use crate::support::{Behaviour, World, passes, settle_down, turn};

#[tokio::test]
async fn dropped_request_is_withdrawn_at_every_stage_and_never_delivered() {
    for rounds in 0..2 {
        let world = World::new();
        let role = world.start().await;
        let before = world.ledger.head_now().number;
        let request_id = world.request();
        if rounds == 0 {
            passes(&role.services().ingest).await;
        } else {
            settle_down(&role).await;
        }
        world.ledger.reorg(before);
        world.ledger.mine(vec![]);
        turn(&world, &role, 6).await;
        assert_eq!(world.state_of(request_id), JobState::Withdrawn);
        assert_eq!(world.ledger.fulfilments(request_id), 0);
    }
}

#[tokio::test]
async fn dropped_request_stops_its_run() {
    let world = World::new();
    let role = world.start().await;
    let before = world.ledger.head_now().number;
    world.engine.then(Behaviour::Block);
    let request_id = world.request();
    let services = role.services();
    passes(&services.ingest).await;
    passes(&services.decide).await;
    passes(&services.run).await;
    world.engine.running(1).await;
    world.ledger.reorg(before);
    world.ledger.mine(vec![]);
    passes(&services.ingest).await;
    services.run.idle().await;
    world.engine.running(0).await;
    assert_eq!(world.state_of(request_id), JobState::Withdrawn);
}

#[tokio::test]
async fn request_that_returns_is_delivered_without_another_run() {
    let world = World::new();
    let role = world.start().await;
    let before = world.ledger.head_now().number;
    let request_id = world.request();
    let event = world.ledger.event_of(request_id);
    let services = role.services();
    passes(&services.ingest).await;
    passes(&services.decide).await;
    passes(&services.run).await;
    services.run.idle().await;

    world.ledger.reorg(before);
    passes(&services.ingest).await;
    assert_eq!(world.state_of(request_id), JobState::Withdrawn);
    world.ledger.mine_again(event);
    turn(&world, &role, 6).await;
    assert_eq!(world.state_of(request_id), JobState::Succeeded);
    assert_eq!((world.engine.runs(), world.intents(request_id)), (1, 1));
}

#[tokio::test]
async fn dropped_fulfilment_is_delivered_again_by_the_same_intent() {
    let world = World::new();
    let role = world.start().await;
    let request_id = world.request();
    settle_down(&role).await;
    let before = world.ledger.head_now().number;
    world.journal();
    settle_down(&role).await;
    assert!(world.job(request_id).settlement.is_some());

    world.ledger.reorg(before);
    world.ledger.mine(vec![]);
    settle_down(&role).await;
    let job = world.job(request_id);
    assert_eq!((job.state, job.settlement), (JobState::Submitted, None));
    // The journal notices too and sends the same intent again.
    world.set_intent(job.intent.unwrap().0, "state = 'queued', nonce = NULL, tx_hash = NULL, block = NULL");
    turn(&world, &role, 6).await;
    assert_eq!(world.state_of(request_id), JobState::Succeeded);
    assert_eq!((world.intents(request_id), world.ledger.fulfilments(request_id)), (1, 1));
    assert_eq!(world.engine.runs(), 1);
}

#[tokio::test]
async fn other_operators_answer_that_is_dropped_leaves_the_request_to_us() {
    let world = World::new();
    let role = world.start().await;
    let request_id = world.request();
    let before = world.ledger.head_now().number;
    world.ledger.fulfilled_by_another(request_id);
    settle_down(&role).await;
    assert_eq!(world.engine.runs(), 0, "it was answered already");
    world.ledger.reorg(before);
    world.ledger.mine(vec![]);
    turn(&world, &role, 6).await;
    assert_eq!(world.state_of(request_id), JobState::Succeeded);
}

#[tokio::test]
async fn dropped_registration_holds_the_answer_back_until_it_returns() {
    let world = World::new();
    let role = world.start().await;
    let request_id = world.request();
    let services = role.services();
    passes(&services.ingest).await;
    passes(&services.decide).await;
    passes(&services.run).await;
    services.run.idle().await;
    world.ledger.state().signer = None;
    passes(&services.submit).await;
    let job = world.job(request_id);
    assert_eq!(job.state, JobState::Answered);
    assert!(job.reason.unwrap().contains("not active"), "the operator can see why it waits");
    world.ledger.state().signer = Some(world.key.address());
    turn(&world, &role, 6).await;
    assert_eq!((world.state_of(request_id), world.intents(request_id)), (JobState::Succeeded, 1));
}
