//! Nodes that lie. Nothing of what they say reaches a caller as an answer, and nobody else is paid for the same request.

use alloy::primitives::{Address, B256};

use crate::support::{Node, PRICE, Role, World, chat, streamed};

/// What a lying node does, and a word of the reason that is told.
fn lies() -> Vec<(Role, &'static str)> {
    vec![
        (Role::OtherAnswer, "another answer"),
        (Role::OtherKey, "signed by"),
        (Role::OtherChain, "chain 1"),
        (Role::NoReceipt, "no receipt"),
        (Role::Receipt(|receipt| receipt.modelVersion = B256::repeat_byte(2)), "model version"),
        (Role::Receipt(|receipt| receipt.payer = Address::repeat_byte(9)), "payer"),
        (Role::Receipt(|receipt| receipt.operator = Address::repeat_byte(9)), "operator"),
        (Role::Receipt(|receipt| receipt.requestId = B256::repeat_byte(9)), "another payment"),
        (Role::Receipt(|receipt| receipt.inputHash = B256::repeat_byte(9)), "another request"),
        (Role::Receipt(|receipt| receipt.fee = 1), "fee"),
        (Role::Receipt(|receipt| receipt.mode = 1), "mode 1"),
        (Role::Receipt(|receipt| receipt.issuedAt += 3_600), "future"),
    ]
}

#[tokio::test]
async fn no_lie_is_handed_on_and_no_second_node_is_paid() {
    for (role, word) in lies() {
        for body in [chat("capital of France?"), streamed("capital of France?")] {
            let liar = Node::priced(1, role.clone(), 1_000, 5).await;
            let other = Node::start(2, Role::Honest).await;
            let mut world =
                World::with(&[&liar, &other], |config| config.prefer = opg_proxy::Prefer::Price).await;
            let reply = world.ask(&body).await;
            let (code, message) = reply.error();
            assert_eq!(code, "receipt_refused", "{role:?}: {message}");
            assert!(message.contains(word), "{role:?}: {message}");
            assert!(!reply.text.contains("[DONE]"), "{role:?}");
            if body.get("stream").is_none() {
                assert_eq!(reply.status, 502);
                assert!(!reply.may_repeat() && !reply.text.contains("Lyons"), "{role:?}: {}", reply.text);
            }
            assert_eq!((liar.paid(), other.paid(), other.unpaid()), (1, 0, 0), "{role:?}");
            assert_eq!(world.states(), ["refused"], "{role:?}");
            assert_eq!(world.spent(), PRICE, "what may be charged counts");
            // The next request goes to somebody else.
            assert!(world.ask(&body).await.text.contains("is"));
            assert_eq!((liar.paid(), other.paid()), (1, 1), "{role:?}");
            // Also after a restart.
            world.kill();
            world.start().await;
            world.ask(&body).await;
            assert_eq!((liar.paid(), other.paid()), (1, 2), "{role:?}");
        }
    }
}

#[tokio::test]
async fn streams_that_say_more_than_the_receipt_fail() {
    for (role, word) in
        [(Role::GoesOn, "goes on"), (Role::Strange, "no receipt commits"), (Role::Endless, "longer than")]
    {
        let liar = Node::start(1, role.clone()).await;
        let world =
            World::with(&[&liar], |config| config.patience = std::time::Duration::from_secs(60)).await;
        let reply = world.ask(&streamed("a")).await;
        let (code, message) = reply.error();
        assert!(code == "receipt_refused" && message.contains(word), "{role:?}: {message}");
        assert!(!reply.text.contains("[DONE]"));
    }
}

#[tokio::test]
async fn a_body_without_end_is_refused_without_being_kept() {
    let liar = Node::start(1, Role::Endless).await;
    let world = World::with(&[&liar], |config| config.patience = std::time::Duration::from_secs(60)).await;
    let (code, message) = world.ask(&chat("a")).await.error();
    assert!(code == "receipt_refused" && message.contains("longer than"), "{message}");
}

#[tokio::test]
async fn prices_that_are_not_in_order_are_not_paid() {
    let asks: Vec<(Role, &str)> = vec![
        (
            Role::Asks(|required| {
                required["accepts"][0]["payTo"] = "0x0909090909090909090909090909090909090909".into()
            }),
            "fees belong",
        ),
        (
            Role::Asks(|required| {
                required["accepts"][0]["asset"] = "0x0909090909090909090909090909090909090909".into()
            }),
            "not in OPG",
        ),
        (Role::Asks(|required| required["accepts"][0]["network"] = "eip155:1".into()), "no payment by"),
        (Role::Asks(|required| required["accepts"][0]["scheme"] = "upto".into()), "no payment by"),
        (Role::Asks(|required| required["accepts"][0]["amount"] = "-1".into()), "not a number"),
        (Role::Asks(|required| required["accepts"][0]["amount"] = "9000".into()), "its own list"),
        (Role::Asks(|required| required["x402Version"] = 1.into()), "version 1"),
        (Role::Asks(|required| required["accepts"] = 5.into()), "cannot be read"),
        (Role::Redirects, "a reason"),
    ];
    for (role, word) in asks {
        let node = Node::start(1, role.clone()).await;
        let world = World::new(&[&node]).await;
        let reply = world.ask(&chat("a")).await;
        let (code, message) = reply.error();
        assert_eq!((reply.status, code.as_str()), (503, "no_node"), "{message}");
        assert!(message.contains(word), "{message}");
        assert!(reply.may_repeat() && world.states().is_empty() && node.paid() == 0);
        // Somebody else is asked: nothing was paid.
        let honest = Node::start(2, Role::Honest).await;
        let world = World::with(&[&node, &honest], |config| config.prefer = opg_proxy::Prefer::Stake).await;
        assert_eq!(world.ask(&chat("a")).await.content(), "Paris");
    }
}
