//! Requests that are left to others, each with the reason that the operator reads.

use alloy::primitives::{B256, U256};
use opg_store::jobs::{self, JobState};

use crate::support::{CHAT, World, ask, settle_down, turn};

/// The recorded reason for declining `input` under `max_fee` and a deadline in `seconds`.
async fn reason(world: &World, model: B256, input: &[u8], max_fee: u128, seconds: u64) -> String {
    let role = world.start().await;
    let request_id = world.ledger.request(model, input, max_fee, seconds);
    settle_down(&role).await;
    let job = world.job(request_id);
    assert_eq!(job.state, JobState::Declined, "{job:?}");
    assert_eq!(world.engine.runs(), 0);
    job.reason.unwrap()
}

#[tokio::test]
async fn model_that_is_not_served() {
    let world = World::new();
    let reason = reason(&world, B256::repeat_byte(9), &ask(), u128::MAX, 600).await;
    assert!(reason.contains("is not served here") && reason.contains("opg model add"), "{reason}");
}

#[tokio::test]
async fn input_that_is_not_a_request() {
    for input in [&b""[..], b"hello", b"{}", br#"{"messages":[],"tools":[]}"#, &[0xff, 0xfe]] {
        let world = World::new();
        let reason = reason(&world, CHAT, input, u128::MAX, 600).await;
        assert!(reason.contains("chat/1") || reason.contains("messages"), "{reason}");
    }
}

#[tokio::test]
async fn fee_that_does_not_cover_the_input() {
    let world = World::new();
    let reason = reason(&world, CHAT, &ask(), 105_999, 600).await;
    assert!(reason.contains("105999") && reason.contains("106000"), "{reason}");
}

#[tokio::test]
async fn fee_that_pays_for_too_short_an_answer() {
    let world = World::new();
    let reason = reason(&world, CHAT, &ask(), 106_000 + 15 * 10_000, 600).await;
    assert!(reason.contains("15 output tokens") && reason.contains("16"), "{reason}");
}

#[tokio::test]
async fn fee_below_the_configured_minimum() {
    let mut world = World::new();
    world.config.min_fee = 1_000_000;
    let reason = reason(&world, CHAT, &ask(), u128::MAX, 600).await;
    // Input and 50 tokens: 606 units.
    assert!(reason.contains("606000") && reason.contains("1000000"), "{reason}");
}

#[tokio::test]
async fn fee_that_does_not_cover_the_gas() {
    let mut world = World::new();
    world.ledger.state().gas_cost = U256::from(10_u64.pow(15));
    world.config.opg_per_eth = Some(1_000_000_000);
    let reason = reason(&world, CHAT, &ask(), u128::MAX, 600).await;
    assert!(reason.contains("606000") && reason.contains("1000000"), "{reason}");
}

#[tokio::test]
async fn fee_that_covers_the_gas_bounds_what_the_delivery_may_cost() {
    let mut world = World::new();
    world.ledger.state().gas_cost = U256::from(10_u64.pow(14));
    world.config.opg_per_eth = Some(1_000_000_000);
    let role = world.start().await;
    let request_id = world.request();
    settle_down(&role).await;
    let intent = world.job(request_id).intent.unwrap();
    let intent = world.store().read(|tx| opg_store::journal::record(tx, intent)).unwrap().intent;
    // 146,000 OPG wei at 10^9 OPG wei per ETH.
    assert_eq!(intent.max_cost, Some(U256::from(146_000 * 10_u64.pow(9))));
    assert_eq!(intent.deadline, Some(world.job(request_id).request.deadline));
}

#[tokio::test]
async fn deadline_that_leaves_too_little_time() {
    let world = World::new();
    // 50 tokens at the assumed 10 per second, 3 words at 50, and 10 s for the delivery.
    let reason = reason(&world, CHAT, &ask(), u128::MAX, 15).await;
    assert!(reason.contains("15 s are left") && reason.contains("16 s are needed"), "{reason}");
}

#[tokio::test]
async fn queue_that_is_full() {
    let mut world = World::new();
    world.config.max_waiting = 2;
    let role = world.start().await;
    let ids = [(); 3].map(|()| world.request());
    crate::support::passes(&role.services().ingest).await;
    crate::support::passes(&role.services().decide).await;
    assert_eq!(
        ids.map(|id| world.state_of(id)),
        [JobState::Accepted, JobState::Accepted, JobState::Declined]
    );
    let reason = world.job(ids[2]).reason.unwrap();
    assert!(reason.starts_with("2 jobs are waiting"), "{reason}");
}

#[tokio::test]
async fn operator_that_is_no_longer_active_stops_accepting_and_starts_again() {
    let world = World::new();
    let role = world.start().await;
    let before = world.request();
    settle_down(&role).await;
    world.ledger.state().signer = None;
    let during = world.request();
    settle_down(&role).await;
    let job = world.job(during);
    assert_eq!(job.state, JobState::Declined);
    assert!(job.reason.unwrap().contains("operator is not active"));

    world.ledger.state().signer = Some(world.key.address());
    let after = world.request();
    turn(&world, &role, 8).await;
    assert_eq!([before, after].map(|id| world.state_of(id)), [JobState::Succeeded; 2]);
    // What was declined can be taken up again by hand.
    world.store().write(|tx| jobs::retry(tx, world.job(during).id, 1)).unwrap();
    turn(&world, &role, 8).await;
    assert_eq!(world.state_of(during), JobState::Succeeded);
}
