//! What may be spent.

use alloy::primitives::U256;
use opg_proxy::Budget;

use crate::support::{Node, PRICE, Role, World, chat};

#[tokio::test]
async fn a_request_over_the_budget_is_not_paid() {
    let node = Node::start(1, Role::Honest).await;
    let world =
        World::with(&[&node], |config| config.budget = Budget { per_request: PRICE - 1, per_day: 9 * PRICE })
            .await;
    let reply = world.ask(&chat("a")).await;
    let (code, message) = reply.error();
    assert_eq!((reply.status, code.as_str()), (402, "budget_exceeded"));
    assert!(message.contains("max_per_request"), "{message}");
    assert_eq!((node.paid(), world.spent()), (0, 0));
}

#[tokio::test]
async fn requests_at_once_share_what_is_left_of_the_day() {
    let node = Node::start(1, Role::Honest).await;
    let world =
        World::with(&[&node], |config| config.budget = Budget { per_request: PRICE, per_day: 3 * PRICE })
            .await;
    let bodies: Vec<_> = (0..8).map(|number| chat(&number.to_string())).collect();
    let replies = futures::future::join_all(bodies.iter().map(|body| world.ask(body))).await;
    let answered = replies.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(answered, 3);
    for reply in replies.iter().filter(|reply| reply.status != 200) {
        let (code, message) = reply.error();
        assert!(code == "budget_exceeded" && message.contains("max_per_day"), "{message}");
    }
    assert_eq!((node.paid(), world.spent()), (3, 3 * PRICE));
}

#[tokio::test]
async fn an_empty_purse_signs_nothing() {
    let node = Node::start(1, Role::Honest).await;
    let world = World::new(&[&node]).await;
    *world.chain.balance.lock().unwrap() = U256::from(PRICE - 1);
    let reply = world.ask(&chat("a")).await;
    assert_eq!((reply.status, reply.error().0.as_str()), (402, "insufficient_funds"));
    assert_eq!((node.paid(), world.spent()), (0, 0));
}

#[tokio::test]
async fn nothing_is_signed_that_the_book_cannot_keep() {
    let node = Node::start(1, Role::Honest).await;
    let world = World::new(&[&node]).await;
    rusqlite::Connection::open(&world.book).unwrap().execute_batch("DROP TABLE days").unwrap();
    let reply = world.ask(&chat("a")).await;
    assert_eq!((reply.status, reply.error().0.as_str()), (503, "book_unavailable"));
    assert_eq!(node.paid(), 0);
}
