//! What callers and the book see when everybody does what they should.

use serde_json::json;

use crate::support::{Node, PRICE, Role, VERSION, World, chat, streamed};

#[tokio::test]
async fn an_answer_is_paid_checked_and_handed_on() {
    let node = Node::start(1, Role::Honest).await;
    let world = World::new(&[&node]).await;
    let reply = world.ask(&chat("capital of France?")).await;
    assert_eq!((reply.status, reply.content().as_str()), (200, "Paris"));
    let answer = reply.json();
    assert_eq!(answer["model"], "smol", "the caller's name, not the node's");
    assert_eq!(world.states(), ["answered"]);
    assert_eq!(world.spent(), PRICE);
    let id = reply.headers["x-request-id"].to_str().unwrap();
    assert_eq!(answer["opg"]["receipt"]["requestId"], id);
    assert_eq!(world.get(&format!("/v1/receipts/{id}")).await.json(), answer["opg"]);
    assert_eq!(world.get(&format!("/v1/receipts/{VERSION}")).await.status, 404);

    let payment = node.state.payments.lock().unwrap()[0].clone();
    let signed = &payment["payload"]["authorization"];
    assert_eq!(signed["to"], json!(node.operator));
    assert_eq!(signed["value"], PRICE.to_string());
}

#[tokio::test]
async fn a_stream_comes_in_pieces_and_ends_with_the_receipt() {
    let node = Node::start(1, Role::Honest).await;
    let world = World::new(&[&node]).await;
    let reply = world.ask(&streamed("capital of France?")).await;
    let events: Vec<&str> =
        reply.text.split("\n\n").filter_map(|event| event.strip_prefix("data: ")).collect();
    assert_eq!(events.len(), 4, "{}", reply.text);
    assert!(events[0].contains("Par") && events[1].contains("is") && events[2].contains("\"opg\""));
    assert_eq!(events[3], "[DONE]");
    assert!(!reply.text.contains("of the node"));
    assert_eq!(world.states(), ["answered"]);
}

#[tokio::test]
async fn a_node_that_wants_nothing_is_paid_nothing_and_checked_all_the_same() {
    let node = Node::start(1, Role::Free).await;
    let world = World::new(&[&node]).await;
    assert_eq!(world.ask(&chat("a")).await.content(), "Paris");
    assert!(world.ask(&streamed("a")).await.text.ends_with("data: [DONE]\n\n"));
    assert!(world.states().is_empty());
}

#[tokio::test]
async fn models_are_listed_under_the_names_that_can_be_asked_for() {
    let node = Node::start(1, Role::Honest).await;
    let world = World::new(&[&node]).await;
    let list = world.get("/v1/models").await.json();
    assert_eq!(list["data"][0]["id"], "smol");
    assert_eq!(list["data"][0]["opg"], json!({ "modelVersion": VERSION, "nodes": 1, "unitPrice": "10" }));
    assert_eq!(world.get("/healthz").await.status, 200);
    assert_eq!(world.get("/v1/other").await.status, 404);
}

#[tokio::test]
async fn pages_in_browsers_get_nothing() {
    let node = Node::start(1, Role::Honest).await;
    let world = World::new(&[&node]).await;
    for (name, value) in
        [("origin", "https://evil.example"), ("host", "evil.example"), ("sec-fetch-site", "cross-site")]
    {
        let response = world.post(&chat("a")).header(name, value).send().await.unwrap();
        assert_eq!(response.status(), 403, "{name}");
    }
    assert_eq!((node.unpaid(), node.paid()), (0, 0));
}

#[tokio::test]
async fn errors_of_the_request_are_told_as_the_node_tells_them() {
    let node = Node::start(1, Role::Honest).await;
    let world = World::new(&[&node]).await;
    let reply = world.ask(&json!({ "model": "other" })).await;
    assert_eq!((reply.status, reply.error().0.as_str()), (404, "model_not_found"));
    assert_eq!(world.ask(&json!(5)).await.status, 400);
}
