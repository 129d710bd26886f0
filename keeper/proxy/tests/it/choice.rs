//! Which node is asked, and what a name means.

use std::time::Duration;

use alloy::primitives::{B256, U256};
use opg_proxy::Prefer;

use crate::support::{Node, Role, VERSION, World, chat};

#[tokio::test]
async fn the_preference_decides_who_is_asked() {
    let cheap = Node::priced(1, Role::Honest, 1_000, 10).await;
    let strong = Node::priced(2, Role::Honest, 9_000, 11).await;
    let world = World::with(&[&cheap, &strong], |config| config.prefer = Prefer::Price).await;
    world.ask(&chat("a")).await;
    assert_eq!((cheap.paid(), strong.paid()), (1, 0));
    let world = World::with(&[&cheap, &strong], |config| config.prefer = Prefer::Stake).await;
    world.ask(&chat("a")).await;
    assert_eq!((cheap.paid(), strong.paid()), (1, 1));
    let world = World::with(&[&cheap, &strong], |config| config.min_stake = U256::from(5_000)).await;
    world.ask(&chat("a")).await;
    assert_eq!((cheap.paid(), strong.paid()), (1, 2));
    let world = World::with(&[&cheap, &strong], |config| {
        config.prefer = Prefer::Stake;
        config.operators = vec![cheap.operator];
    })
    .await;
    world.ask(&chat("a")).await;
    assert_eq!((cheap.paid(), strong.paid()), (2, 2));
}

#[tokio::test]
async fn a_name_keeps_its_meaning_and_a_change_is_refused() {
    let node = Node::start(1, Role::Honest).await;
    let mut world = World::new(&[&node]).await;
    world.ask(&chat("a")).await;
    let other = B256::repeat_byte(2);
    node.serves("smol", other);
    tokio::time::sleep(Duration::from_millis(400)).await;
    let reply = world.ask(&chat("b")).await;
    let (code, message) = reply.error();
    assert_eq!((reply.status, code.as_str()), (400, "model_changed"));
    assert!(message.contains(&VERSION.to_string()) && message.contains(&other.to_string()), "{message}");
    world.kill();
    world.start().await;
    assert_eq!(world.ask(&chat("b")).await.error().0, "model_changed", "also after a restart");
    assert_eq!(node.paid(), 1);
}

#[tokio::test]
async fn a_name_of_several_versions_has_to_be_cleared_up() {
    let (one, two) = (Node::start(1, Role::Honest).await, Node::start(2, Role::Honest).await);
    two.serves("smol", B256::repeat_byte(2));
    let world = World::new(&[&one, &two]).await;
    let reply = world.ask(&chat("a")).await;
    assert_eq!((reply.status, reply.error().0.as_str()), (400, "model_ambiguous"));
    let mut exact = chat("a");
    exact["model"] = VERSION.to_string().into();
    assert_eq!(world.ask(&exact).await.content(), "Paris");
    let world =
        World::with(&[&one, &two], |config| config.models = [("smol".to_owned(), VERSION)].into()).await;
    assert_eq!(world.ask(&chat("a")).await.content(), "Paris");
    assert_eq!((one.paid(), two.paid()), (2, 0));
}

#[tokio::test]
async fn a_node_that_cannot_be_reached_is_passed_over() {
    let honest = Node::priced(2, Role::Honest, 1_000, 11).await;
    let mut away = Node::priced(1, Role::Fails(500), 1_000, 10).await;
    away.url.push_str("/nothing/here");
    let busy = Node::priced(3, Role::Asks(|required| *required = 5.into()), 1_000, 9).await;
    let world = World::with(&[&away, &busy, &honest], |config| config.prefer = Prefer::Price).await;
    for text in ["a", "b"] {
        assert_eq!(world.ask(&chat(text)).await.content(), "Paris");
    }
    assert_eq!(honest.paid(), 2);
    assert_eq!(busy.unpaid(), 1, "who failed a moment ago is asked last");
}
