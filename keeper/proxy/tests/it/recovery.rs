//! Payments that left and answers that did not come: nothing is paid twice, and nothing is forgotten.

use std::{sync::atomic::Ordering::SeqCst, time::Duration};

use opg_proxy::Book;

use crate::support::{Node, PRICE, Role, World, chat, streamed};

/// Long after any payment has ended.
const LATER: u64 = 3_600;

#[tokio::test]
async fn a_busy_node_is_asked_again_with_the_same_payment() {
    let node = Node::start(1, Role::BusyFor(2)).await;
    let world = World::new(&[&node]).await;
    assert_eq!(world.ask(&chat("a")).await.content(), "Paris");
    assert_eq!(node.paid(), 3);
    assert!(node.nonces().windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!((world.states(), world.spent()), (vec!["answered".to_owned()], PRICE));
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_asked_for_again() {
    let node = Node::start(1, Role::Truncated).await;
    let other = Node::start(2, Role::Honest).await;
    for body in [chat("a"), streamed("a")] {
        let world = World::with(&[&node, &other], |config| config.operators = vec![node.operator]).await;
        node.is(Role::Truncated);
        let before = node.nonces().len();
        let reply = world.ask(&body).await;
        let (code, message) = reply.error();
        assert_eq!(code, "answer_pending", "{message}");
        assert!(!reply.text.contains("[DONE]"));
        assert!(body.get("stream").is_some() || !reply.may_repeat());
        assert_eq!(world.states(), ["open"]);
        node.is(Role::Honest);
        let reply = world.ask(&body).await;
        assert!(reply.status == 200 && (reply.text.contains("Paris") || reply.text.ends_with("[DONE]\n\n")));
        let nonces = node.nonces();
        assert!(nonces[before..].windows(2).all(|pair| pair[0] == pair[1]), "one payment");
        assert_eq!((world.states(), world.spent()), (vec!["answered".to_owned()], PRICE));
    }
    assert_eq!(other.paid(), 0);
}

#[tokio::test]
async fn a_node_that_takes_the_payment_and_refuses_is_the_only_one_that_is_paid() {
    let thief = Node::priced(1, Role::Fails(402), 1_000, 5).await;
    let other = Node::start(2, Role::Honest).await;
    let world = World::with(&[&thief, &other], |config| config.prefer = opg_proxy::Prefer::Price).await;
    // Once, and then three times more with the same payment.
    for _ in 0..4 {
        let (code, message) = world.ask(&chat("a")).await.error();
        assert!(code == "answer_pending" && message.contains("a reason"), "{message}");
    }
    assert!(thief.nonces().windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!((thief.paid(), other.paid(), world.spent()), (4, 0, PRICE));
    // Then it is given up; what it was paid stays out of the budget until it has ended.
    assert_eq!(world.ask(&chat("a")).await.content(), "Paris");
    assert_eq!((thief.paid(), other.paid(), world.spent()), (4, 1, 2 * PRICE));
    assert_eq!(world.states(), ["answered", "open"]);
}

#[tokio::test]
async fn a_kill_between_payment_and_answer_forgets_nothing() {
    let node = Node::start(1, Role::Silent).await;
    let mut world = World::new(&[&node]).await;
    let asking = world.post(&chat("a")).send();
    let asked = tokio::spawn(asking);
    while node.paid() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    world.kill();
    assert!(asked.await.unwrap().is_err(), "the caller's connection broke");
    assert_eq!((world.states(), world.spent()), (vec!["open".to_owned()], PRICE));
    world.start().await;
    node.is(Role::Honest);
    assert_eq!(world.ask(&chat("a")).await.content(), "Paris");
    let nonces = node.nonces();
    assert_eq!((nonces.len(), nonces[0]), (2, nonces[1]), "the same payment");
    assert_eq!((world.states(), world.spent()), (vec!["answered".to_owned()], PRICE));
}

#[tokio::test]
async fn a_caller_that_leaves_and_asks_again_pays_once() {
    let node = Node::start(1, Role::Silent).await;
    let world = World::new(&[&node]).await;
    let left = world.post(&chat("a")).timeout(Duration::from_millis(500)).send().await;
    assert!(left.is_err());
    node.is(Role::Honest);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(world.ask(&chat("a")).await.content(), "Paris");
    let nonces = node.nonces();
    assert_eq!(nonces[0], nonces[1]);
    assert_eq!(world.spent(), PRICE);
}

#[tokio::test]
async fn what_was_never_charged_goes_back_and_what_was_stays() {
    let node = Node::start(1, Role::Fails(400)).await;
    let mut world = World::new(&[&node]).await;
    for text in ["owed", "free"] {
        assert_eq!(world.ask(&chat(text)).await.error().0, "answer_pending");
    }
    assert_eq!(world.spent(), 2 * PRICE);
    world.chain.used.lock().unwrap().insert(node.nonces()[0]);
    // The node shows the receipt of the last payment.
    node.state.payments.lock().unwrap().truncate(1);
    world.chain.ahead.store(LATER, SeqCst);
    world.kill();
    node.is(Role::Honest);
    world.start().await;
    while world.states().contains(&"open".to_owned()) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut states = world.states();
    states.sort();
    assert_eq!((states, world.spent()), (vec!["charged".to_owned(), "released".to_owned()], PRICE));
    let entries = Book::open(&world.book).unwrap().payments(9).unwrap();
    let charged = entries.iter().find(|entry| entry.state == "charged").unwrap();
    assert!(charged.request_id.is_some(), "its receipt was fetched");
    // The answer is still owed, and costs nothing more.
    assert_eq!(world.ask(&chat("owed")).await.content(), "Paris");
    assert_eq!(world.spent(), PRICE);
    // The other one is paid anew.
    assert_eq!(world.ask(&chat("free")).await.content(), "Paris");
    assert_eq!(world.spent(), 2 * PRICE);
}

#[tokio::test]
async fn without_the_chain_nothing_is_paid_and_nothing_is_believed() {
    let node = Node::start(1, Role::Silent).await;
    let world = World::new(&[&node]).await;
    let asked = tokio::spawn(world.post(&chat("a")).send());
    while node.paid() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    world.chain.is_down.store(true, SeqCst);
    assert_eq!(world.ask(&chat("b")).await.error().0, "chain_unavailable");
    asked.abort();
    world.chain.is_down.store(false, SeqCst);
    node.is(Role::Honest);
    assert_eq!(world.ask(&chat("b")).await.content(), "Paris");
    assert_eq!(world.spent(), 2 * PRICE);
}
