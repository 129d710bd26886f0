//! Answers and their receipts, plain and streamed.

use std::{sync::atomic::Ordering, time::Duration};

use alloy::primitives::{Address, keccak256};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use futures::future::join_all;
use opg_receipts::{canonicalize, json_hash};
use serde_json::{Value, json};

use crate::support::{World, chain::now, chat, config};

#[tokio::test]
async fn an_answer_carries_a_receipt_that_binds_it() {
    let world = World::free().await;
    let body = chat("hello big world");
    let reply = world.ask("/v1/chat/completions", &body).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let answer = reply.json();
    assert_eq!(answer["choices"][0]["message"], json!({ "role": "assistant", "content": "hello big world" }));
    assert_eq!(answer["usage"], json!({ "prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10 }));

    let receipt = world.receipt(&answer["opg"]);
    assert_eq!(receipt.inputHash, keccak256(canonicalize(body.to_string().as_bytes()).unwrap()));
    assert_eq!(receipt.outputHash, json_hash(&answer["choices"]).unwrap());
    assert_eq!((receipt.payer, receipt.fee), (Address::ZERO, 0));
    assert_eq!((receipt.inputUnits, receipt.outputUnits), (107, 12));

    let header: Value =
        serde_json::from_slice(&BASE64_STANDARD.decode(reply.header("opg-receipt")).unwrap()).unwrap();
    assert_eq!(header, answer["opg"]);
    let id = receipt.requestId.to_string();
    assert_eq!(reply.header("x-request-id"), id);
    let fetched = world.get(&format!("/v1/receipts/{id}")).await.json();
    assert_eq!(fetched["receipt"], answer["opg"]["receipt"]);
    assert_eq!(fetched["signature"], answer["opg"]["signature"]);
}

/// With the clock's time, hours behind the chain's, it would be too old for a batch. A chain that is behind changes nothing.
#[tokio::test]
async fn a_receipt_is_signed_with_no_time_before_the_chains() {
    let mut world = World::free().await;
    for (ahead, signed) in [(0, 0), (7_200, 7_200), (-7_200, 0)] {
        world.kill().await;
        world.chain.ahead.store(ahead, Ordering::SeqCst);
        world.start().await;
        let expected = now() + signed;
        let answer = world.ask("/v1/chat/completions", &chat("hello")).await.json();
        let issued_at = world.receipt(&answer["opg"]).issuedAt;
        assert!(
            (expected.saturating_sub(3)..expected + 10).contains(&issued_at),
            "{ahead} s: {issued_at} for {expected}"
        );
    }
    // The chain is followed while the gateway runs.
    world.chain.ahead.store(90_000, Ordering::SeqCst);
    let mut looks = 0..100;
    loop {
        let answer = world.ask("/v1/chat/completions", &chat("hello")).await.json();
        if world.receipt(&answer["opg"]).issuedAt > now() + 89_000 {
            break;
        }
        assert!(looks.next().is_some(), "the time of the chain is not followed");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_stream_says_the_same_as_the_whole_and_ends_with_the_receipt() {
    let world = World::free().await;
    for include_usage in [false, true] {
        let mut body = chat("one two three");
        body["stream"] = true.into();
        body["stream_options"] = json!({ "include_usage": include_usage });
        let reply = world.ask("/v1/chat/completions", &body).await;
        assert_eq!((reply.status, reply.header("content-type")), (200, "text/event-stream"));
        let events = reply.events();
        let text: String =
            events.iter().filter_map(|event| event["choices"][0]["delta"]["content"].as_str()).collect();
        assert_eq!(text, "one two three");
        assert_eq!(events[0]["choices"][0]["delta"]["role"], "assistant");
        let last = events.last().unwrap();
        let receipt = world.receipt(&last["opg"]);
        let choices = json!([
            { "finish_reason": "stop", "index": 0, "message": { "content": text, "role": "assistant" } }
        ]);
        assert_eq!(receipt.outputHash, json_hash(&choices).unwrap());
        assert_eq!(last["usage"].is_object(), include_usage);
        assert_eq!(events.iter().filter(|event| event["opg"].is_object()).count(), 1);
    }
}

#[tokio::test]
async fn completions_and_embeddings_have_receipts_too() {
    let world = World::free().await;
    let answer = world
        .ask("/v1/completions", &json!({ "model": "chat", "prompt": "a b c", "max_tokens": 2 }))
        .await
        .json();
    assert_eq!(answer["choices"][0]["text"], "a b ");
    assert_eq!(world.receipt(&answer["opg"]).outputHash, json_hash(&answer["choices"]).unwrap());

    let body = json!({ "model": "embed", "input": ["x", "y"] });
    let answer = world.ask("/v1/embeddings", &body).await.json();
    let receipt = world.receipt(&answer["opg"]);
    assert_eq!(receipt.outputHash, json_hash(&answer["data"]).unwrap());
    assert_eq!(answer["data"].as_array().unwrap().len(), 2);

    let body = json!({ "model": "embed", "input": ["x", "y"], "encoding_format": "base64" });
    let coded = world.ask("/v1/embeddings", &body).await.json();
    let bytes = BASE64_STANDARD.decode(coded["data"][1]["embedding"].as_str().unwrap()).unwrap();
    let floats: Vec<f64> =
        bytes.as_chunks::<4>().0.iter().map(|float| f64::from(f32::from_le_bytes(*float))).collect();
    assert_eq!(json!(floats), answer["data"][1]["embedding"]);
    assert_eq!(
        world.receipt(&coded["opg"]).outputHash,
        receipt.outputHash,
        "the same numbers, the same hash"
    );
}

#[tokio::test]
async fn several_prompts_are_answered_in_their_order_under_one_receipt() {
    let world = World::free().await;
    let body = json!({ "model": "chat", "prompt": ["a b c", "d", "e f g h"], "max_tokens": 2, "seed": 7 });
    let reply = world.ask("/v1/completions", &body).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let answer = reply.json();
    let choices = answer["choices"].as_array().unwrap().iter();
    let said: Vec<_> = choices.map(|choice| (choice["index"].as_u64(), choice["text"].as_str())).collect();
    assert_eq!(said, [(Some(0), Some("a b ")), (Some(1), Some("d")), (Some(2), Some("e f "))]);
    assert_eq!(answer["usage"], json!({ "prompt_tokens": 21, "completion_tokens": 5, "total_tokens": 26 }));
    let receipt = world.receipt(&answer["opg"]);
    assert_eq!(receipt.inputHash, keccak256(canonicalize(body.to_string().as_bytes()).unwrap()));
    assert_eq!(receipt.outputHash, json_hash(&answer["choices"]).unwrap());
    assert_eq!((receipt.inputUnits, receipt.outputUnits), (121, 20));

    let one = |prompt: Value, stream: bool| json!({ "model": "chat", "prompt": prompt, "stream": stream });
    let streamed = world.ask("/v1/completions", &one(json!(["one alone"]), true)).await;
    assert_eq!(streamed.events()[0]["choices"][0]["text"], "one ");
    let runs = world.engine.runs();
    for (body, code, param) in [
        (one(json!(["a", "b"]), true), "unsupported_parameter", "stream"),
        (one(json!([]), false), "invalid_value", "prompt"),
        (one(json!(vec!["x"; 17]), false), "invalid_value", "prompt"),
        (one(json!([[1, 2], [3]]), false), "unsupported_parameter", "prompt"),
        (one(json!([1, 2]), false), "unsupported_parameter", "prompt"),
        (one(json!(5), false), "unsupported_parameter", "prompt"),
    ] {
        let reply = world.ask("/v1/completions", &body).await;
        let error = &reply.json()["error"];
        assert_eq!(
            (reply.status, &error["code"], &error["param"]),
            (400, &json!(code), &json!(param)),
            "{body}"
        );
    }
    assert_eq!(world.engine.runs(), runs, "refused before anything is run");
}

#[tokio::test]
async fn the_job_of_a_client_that_goes_away_is_stopped() {
    let world = World::free().await;
    world.engine.block();
    for stream in [false, true] {
        let mut body = chat("never mind");
        body["stream"] = stream.into();
        let request = world.post("/v1/chat/completions", &body).timeout(Duration::from_millis(300));
        let asked = tokio::spawn(async move { request.send().await?.text().await });
        world.engine.running(1).await;
        assert!(asked.await.unwrap().is_err());
        world.engine.cancelled(1 + usize::from(stream)).await;
    }
}

#[tokio::test]
async fn a_shutdown_finishes_what_runs_and_takes_nothing_new() {
    let mut world = World::free().await;
    world.engine.block();
    let request = world.post("/v1/chat/completions", &chat("last words"));
    let asked = tokio::spawn(async move { request.send().await.unwrap().text().await.unwrap() });
    world.engine.running(1).await;
    let stopped = world.stop();
    let refused = async {
        while world.http.get(world.url("/healthz")).send().await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), refused).await.unwrap();
    world.engine.release(1);
    assert!(asked.await.unwrap().contains("last words"));
    stopped.await.unwrap();
}

#[tokio::test]
async fn many_at_once_each_get_their_own_receipt() {
    let world =
        World::with(opg_gateway::GatewayConfig { queue: 200, queue_per_payer: 200, ..config() }).await;
    let texts: Vec<_> = (0..100).map(|number| format!("question {number}")).collect();
    let replies = join_all(texts.iter().map(async |text| {
        let answer = world.ask("/v1/chat/completions", &chat(text)).await.json();
        assert_eq!(answer["choices"][0]["message"]["content"], text.as_str());
        world.receipt(&answer["opg"]).requestId
    }))
    .await;
    let distinct: std::collections::HashSet<_> = replies.iter().collect();
    assert_eq!(distinct.len(), 100);
}

#[tokio::test]
async fn it_says_what_it_is_and_how_it_does() {
    let world = World::free().await;
    let models = world.get("/v1/models").await.json();
    let ids: Vec<_> = models["data"].as_array().unwrap().iter().map(|model| model["id"].clone()).collect();
    assert_eq!(ids, ["chat", "embed", "tensor"]);
    assert_eq!(world.get("/v1/models/chat").await.json()["opg"]["unitPrice"], "1000");
    assert_eq!(world.get("/v1/models/none").await.code(), "model_not_found");
    assert_eq!(world.get("/healthz").await.status, 200);
    assert_eq!(world.get("/readyz").await.json()["ready"], true);
    let attested = world.get("/v1/attestation").await.json();
    assert_eq!(attested["signer"], json!(world.signer.address()));
    assert_eq!(
        [&attested["enclave"], &attested["tlsKeyHash"]],
        [&Value::Null; 2],
        "nothing is claimed that is not there"
    );
    world.ask("/v1/chat/completions", &chat("hi")).await;
    let metrics = world.get("/metrics").await.text;
    assert!(metrics.contains("opg_gateway_answered_total 1"), "{metrics}");
    assert!(metrics.contains("opg_gateway_engine_seconds_count 1"), "{metrics}");
    assert_eq!(world.get("/openapi.json").await.json()["openapi"], "3.1.0");
    assert_eq!(world.get("/v1/nothing").await.code(), "not_found");
    assert_eq!(world.get("/v1/chat/completions").await.status, 405);
}
