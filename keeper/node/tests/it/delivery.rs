//! From the stored answer to the chain.

use std::time::Duration;

use opg_node::Service;
use opg_store::jobs::{self, JobState};

use crate::support::{World, passes, settle_down, turn};

/// Brings a request to `Answered`.
async fn answered(world: &World, role: &opg_node::inference::InferenceRole) -> alloy::primitives::B256 {
    let request_id = world.request();
    let services = role.services();
    passes(&services.ingest).await;
    passes(&services.decide).await;
    passes(&services.run).await;
    services.run.idle().await;
    assert_eq!(world.state_of(request_id), JobState::Answered);
    request_id
}

#[tokio::test]
async fn answer_waits_for_the_operators_turn() {
    let world = World::new();
    let role = world.start().await;
    let request_id = answered(&world, &role).await;
    let turn_begins = world.ledger.head_now().timestamp + 7;
    world.ledger.state().turn = Some(turn_begins);
    while world.ledger.head_now().timestamp < turn_begins {
        settle_down(&role).await;
        assert_eq!(world.intents(request_id), 0, "before its turn");
        let job = world.job(request_id);
        assert!(job.reason.unwrap().contains("turn"), "people can see what it waits for");
        world.ledger.mine(vec![]);
        world.clock.forward(Duration::from_secs(2));
    }
    settle_down(&role).await;
    assert_eq!(world.state_of(request_id), JobState::Submitted);
}

#[tokio::test]
async fn old_receipt_is_renewed_before_it_is_delivered() {
    let world = World::new();
    let role = world.start().await;
    let request_id = world.ledger.request(crate::support::CHAT, &crate::support::ask(), u128::MAX, 20_000);
    let services = role.services();
    passes(&services.ingest).await;
    passes(&services.decide).await;
    passes(&services.run).await;
    services.run.idle().await;
    let issued_at = |world: &World| {
        let id = world.job(request_id).id;
        let answer = world.store().read(|tx| jobs::stored_answer(tx, id)).unwrap().unwrap();
        answer.signed.receipt().issuedAt
    };
    let first = issued_at(&world);
    // Too early for almost an hour, then an hour and more: the receipt of the run would be refused.
    world.ledger.state().turn = Some(first + 4_000);
    world.ledger.mine_at(4_001, vec![]);
    turn(&world, &role, 6).await;
    assert!(issued_at(&world) > first + 3_600);
    assert_eq!(world.state_of(request_id), JobState::Succeeded);
    assert_eq!(world.engine.runs(), 1, "the answer is the same");
}

#[tokio::test]
async fn failed_delivery_is_repeated_under_a_new_key_and_given_up_in_the_end() {
    let mut world = World::new();
    world.config.max_submissions = 3;
    let role = world.start().await;
    let request_id = answered(&world, &role).await;
    for delivery in 1..=3_u64 {
        settle_down(&role).await;
        assert_eq!((world.state_of(request_id), world.intents(request_id)), (JobState::Submitted, delivery));
        world.fail_intent(world.job(request_id).intent.unwrap().0, "too expensive");
        passes(&role.services().settle).await;
        world.clock.forward(Duration::from_secs(60));
    }
    let job = world.job(request_id);
    assert_eq!(job.state, JobState::Failed);
    let reason = job.reason.unwrap();
    assert!(reason.contains("after 3 deliveries") && reason.contains("too expensive"), "{reason}");
}

#[tokio::test]
async fn delivery_that_failed_once_succeeds_at_the_next() {
    let world = World::new();
    let role = world.start().await;
    let request_id = answered(&world, &role).await;
    settle_down(&role).await;
    world.fail_intent(world.job(request_id).intent.unwrap().0, "dropped");
    turn(&world, &role, 6).await;
    assert_eq!((world.state_of(request_id), world.intents(request_id)), (JobState::Succeeded, 2));
    assert_eq!(world.ledger.fulfilments(request_id), 1);
}

#[tokio::test]
async fn answer_that_the_hub_never_takes_fails_at_once() {
    let world = World::new();
    let role = world.start().await;
    let request_id = answered(&world, &role).await;
    // The operator's key was changed: this signature will never do.
    world.ledger.state().signer = Some(alloy::primitives::Address::repeat_byte(3));
    settle_down(&role).await;
    let job = world.job(request_id);
    assert_eq!((job.state, world.intents(request_id)), (JobState::Failed, 0));
    assert!(job.reason.unwrap().contains("not by the operator's key"));
}

#[tokio::test]
async fn request_that_another_answers_first_is_not_delivered() {
    let world = World::new();
    let role = world.start().await;
    let request_id = answered(&world, &role).await;
    world.ledger.fulfilled_by_another(request_id);
    // The hub refuses even before the event is read.
    passes(&role.services().submit).await;
    turn(&world, &role, 5).await;
    assert_eq!((world.state_of(request_id), world.intents(request_id)), (JobState::Failed, 0));
}

#[tokio::test]
async fn undelivered_job_expires_after_its_deadline() {
    let world = World::new();
    let role = world.start().await;
    let request_id = answered(&world, &role).await;
    settle_down(&role).await;
    assert_eq!(world.state_of(request_id), JobState::Submitted);
    world.ledger.mine_at(630, vec![]);
    settle_down(&role).await;
    assert_eq!(world.state_of(request_id), JobState::Submitted, "a transaction may still come back");
    world.ledger.mine_at(60, vec![]);
    settle_down(&role).await;
    assert_eq!(world.state_of(request_id), JobState::Expired);
}

#[tokio::test]
async fn chain_that_cannot_be_reached_stops_nothing_for_good() {
    let world = World::new();
    let role = world.start().await;
    let request_id = answered(&world, &role).await;
    world.ledger.state().down = true;
    let services = role.services();
    for service in [&services.ingest as &dyn Service, &services.submit] {
        let error = service.pass().await.unwrap_err();
        assert!(matches!(error, opg_node::ServiceError::Recoverable(_)), "{error}");
    }
    world.ledger.state().down = false;
    turn(&world, &role, 5).await;
    assert_eq!((world.state_of(request_id), world.intents(request_id)), (JobState::Succeeded, 1));
}
