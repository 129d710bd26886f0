//! What goes well: question, answer, receipt, payment.

use opg_chain::bindings::Fulfilment;
use opg_chain::events::ChainEvent;
use opg_node::{
    Ledger,
    inference::{InferenceRole, ServedModel},
};
use opg_receipts::{content_hash, receipt_domain};
use opg_store::{
    StoreError,
    jobs::{self, JobState},
};

use crate::support::{CHAT, EMBED, OPERATOR, World, ask, settle_down, turn};

async fn delivered(world: &World, request_id: alloy::primitives::B256) -> Fulfilment {
    let segment = world.ledger.poll(&opg_chain::events::Cursor::default()).await.unwrap().unwrap();
    let found = segment.events.into_iter().find_map(|logged| match logged.event {
        ChainEvent::InferenceFulfilled { request_id: id, fulfilment, .. } if id == request_id => {
            Some(fulfilment)
        }
        _ => None,
    });
    found.unwrap()
}

#[tokio::test]
async fn question_is_answered_once_with_a_valid_receipt_and_the_price_of_its_use() {
    let world = World::new();
    let role = world.start().await;
    let request_id = world.request();
    turn(&world, &role, 5).await;

    let job = world.job(request_id);
    assert_eq!(job.state, JobState::Succeeded, "{job:?}");
    assert_eq!((world.ledger.fulfilments(request_id), world.intents(request_id)), (1, 1));
    let fulfilment = delivered(&world, request_id).await;
    assert_eq!(&fulfilment.output[..], b"chat says 4");
    // Three words in, four out: 100 + 3·2 and 4·10 units at 1000.
    assert_eq!((fulfilment.inputUnits, fulfilment.outputUnits, fulfilment.fee), (106, 40, 146_000));
    assert_eq!(fulfilment.operator, OPERATOR);

    let answer = world.store().read(|tx| jobs::stored_answer(tx, job.id)).unwrap().unwrap();
    let domain = receipt_domain(world.config.chain_id, world.config.proof_registry);
    answer.signed.verify(&domain, world.key.address()).unwrap();
    assert_eq!(content_hash(&answer.trace), answer.signed.receipt().traceHash, "the trace can be shown");
    assert_eq!(answer.model_ms, 3);
}

#[tokio::test]
async fn embedding_is_answered_in_its_own_encoding() {
    let world = World::new();
    let role = world.start().await;
    let request_id = world.ledger.request(EMBED, br#"{"input":"two words"}"#, u128::MAX, 600);
    turn(&world, &role, 5).await;
    assert_eq!(world.state_of(request_id), JobState::Succeeded);
    let fulfilment = delivered(&world, request_id).await;
    let expected: Vec<u8> = [19_660_i16, 26_214].into_iter().flat_map(i16::to_be_bytes).collect();
    assert_eq!(&fulfilment.output[..], expected);
    assert_eq!((fulfilment.inputUnits, fulfilment.outputUnits), (104, 0));
}

#[tokio::test]
async fn fee_that_pays_for_part_of_an_answer_caps_it() {
    let world = World::new();
    let role = world.start().await;
    // The input costs 106,000; 20 of the 50 tokens are paid for.
    let request_id = world.ledger.request(CHAT, &ask(), 106_000 + 20 * 10_000 + 9_999, 600);
    turn(&world, &role, 5).await;
    assert_eq!(world.state_of(request_id), JobState::Succeeded);
    assert_eq!(*world.engine.last_limit.lock().unwrap(), Some(20));
}

#[tokio::test]
async fn stages_are_timed_in_their_order() {
    let world = World::new();
    let role = world.start().await;
    let request_id = world.request();
    turn(&world, &role, 5).await;
    let stages = world.job(request_id).stages;
    let times = [
        Some(stages.seen),
        stages.accepted,
        stages.started,
        stages.answered,
        stages.submitted,
        stages.broadcast,
        stages.mined,
        stages.finished,
    ];
    let known: Vec<u64> = times.into_iter().flatten().collect();
    assert_eq!(known.len(), times.len(), "{stages:?}");
    assert!(known.is_sorted(), "{stages:?}");
}

#[tokio::test]
async fn many_requests_are_all_answered() {
    let world = World::new();
    let role = world.start().await;
    let ids: Vec<_> = (0..12).map(|_| world.request()).collect();
    turn(&world, &role, 30).await;
    for id in ids {
        assert_eq!((world.state_of(id), world.ledger.fulfilments(id)), (JobState::Succeeded, 1));
    }
    assert_eq!(world.engine.runs(), 12);
}

#[tokio::test]
async fn requests_that_were_answered_before_the_start_are_not_answered_again() {
    let world = World::new();
    let ours = world.request();
    let others = world.request();
    world.ledger.fulfilled_by_another(others);
    let role = world.start().await;
    turn(&world, &role, 5).await;
    assert_eq!(world.state_of(ours), JobState::Succeeded);
    let job = world.job(others);
    assert_eq!(job.state, JobState::Failed);
    assert!(job.reason.unwrap().contains("answered by operator"));
    assert_eq!((world.engine.runs(), world.intents(others)), (1, 0));
}

#[tokio::test]
async fn model_that_is_not_the_registered_one_is_refused_at_the_start() {
    let mut world = World::new();
    world.ledger.state().specs.get_mut(&CHAT).unwrap().weightsDigest = [9; 32].into();
    let error = InferenceRole::open(world.config.clone(), world.parts()).await.unwrap_err().to_string();
    assert!(error.contains("sha256 of its weights") && error.contains("registry says"), "{error}");

    world.config.models =
        vec![ServedModel { version: EMBED, engine_model: "chat".to_owned(), proving: None }];
    let error = InferenceRole::open(world.config.clone(), world.parts()).await.unwrap_err().to_string();
    assert!(error.contains("its task is chat/1") && error.contains("embedding/1"), "{error}");

    world.config.models[0].engine_model = "missing".to_owned();
    let error = InferenceRole::open(world.config.clone(), world.parts()).await.unwrap_err().to_string();
    assert!(error.contains("no model of that name"), "{error}");
}

#[tokio::test]
async fn steps_and_cursor_are_one_transaction() {
    let world = World::new();
    let role = world.start().await;
    let request_id = world.request();
    settle_down(&role).await;
    let cursor = world.store().read(|tx| opg_store::cursors::load(tx, "inference")).unwrap();
    assert_eq!(cursor.last().map(|(number, _)| *number), Some(world.ledger.head_now().number));
    let seen = world.store().read(|tx| Ok::<_, StoreError>(jobs::by_request(tx, request_id)?.is_some()));
    assert!(seen.unwrap());
}

#[tokio::test]
async fn answers_cost_what_the_market_says_and_at_least_what_is_asked() {
    let mut world = World::new();
    world.config.fee_market = Some(alloy::primitives::Address::repeat_byte(0x3a));
    let role = world.start().await;
    // The least is 1,000. What was offered stays, though the market moves on before the answer is there.
    for (price, expected) in [(2_500, 2_500), (10, 1_000)] {
        world.ledger.state().market_price = price;
        let request_id = world.request();
        settle_down(&role).await;
        world.ledger.state().market_price = 9_999;
        turn(&world, &role, 5).await;
        let fulfilment = delivered(&world, request_id).await;
        assert_eq!((fulfilment.unitPrice, fulfilment.fee), (expected, 146 * expected));
    }
}

#[tokio::test]
async fn while_the_market_cannot_be_asked_no_request_is_decided() {
    let mut world = World::new();
    world.config.fee_market = Some(alloy::primitives::Address::repeat_byte(0x3a));
    let role = world.start().await;
    world.ledger.state().market_price = 5_000;
    // Fifty tokens at the least price would be paid for; at the market's not even the input is.
    let request_id = world.ledger.request(CHAT, &ask(), 500_000, 600);
    opg_node::Service::pass(&role.services().ingest).await.unwrap();
    world.ledger.state().down = true;
    assert!(opg_node::Service::pass(&role.services().decide).await.is_err());
    assert_eq!(world.state_of(request_id), JobState::Seen);
    world.ledger.state().down = false;
    settle_down(&role).await;
    assert_eq!(world.state_of(request_id), JobState::Declined);
}
