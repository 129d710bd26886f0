//! What one caller cannot do to the others.

use std::time::{Duration, Instant};

use opg_gateway::{Bounds, GatewayConfig};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::support::{Reply, World, chat, config};

/// Sends `head` as it is and reads until the server closes, or for five seconds.
async fn raw(world: &World, head: &[u8]) -> String {
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    // The server may close before everything is written.
    let _ = stream.write_all(head).await;
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

fn quick() -> GatewayConfig {
    let times = Bounds {
        head_time: Duration::from_millis(300),
        body_time: Duration::from_millis(300),
        ..config().bounds
    };
    GatewayConfig { bounds: times, ..config() }
}

#[tokio::test]
async fn a_body_that_is_too_long_or_too_deep_is_refused() {
    let world = World::free().await;
    let reply = world.ask("/v1/chat/completions", &chat(&"x".repeat(1 << 20))).await;
    assert_eq!((reply.status, reply.code().as_str()), (413, "body_too_large"));
    for depth in [100, 100_000] {
        let body = format!(r#"{{"model":"chat","messages":{}1{}}}"#, "[".repeat(depth), "]".repeat(depth));
        let request = world.http.post(world.url("/v1/chat/completions")).body(body);
        let reply = Reply::of(request.send().await.unwrap()).await;
        assert_eq!((reply.status, reply.code().as_str()), (400, "nested_too_deeply"));
    }
}

#[tokio::test]
async fn header_bombs_are_refused() {
    let world = World::free().await;
    let many: String = (0..1_000).map(|number| format!("x-{number}: y\r\n")).collect();
    let answer = raw(&world, format!("GET /healthz HTTP/1.1\r\nhost: x\r\n{many}\r\n").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    let long = "z".repeat(200_000);
    let answer =
        raw(&world, format!("GET /healthz HTTP/1.1\r\nhost: x\r\nx: {long}\r\n\r\n").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431") || answer.is_empty(), "{}", answer.len());
    assert_eq!(world.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn slow_heads_and_bodies_are_cut_off() {
    let world = World::with(quick()).await;
    let since = Instant::now();
    raw(&world, b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n").await;
    let head = "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{";
    let answer = raw(&world, head.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("body_timeout"), "{answer}");
    assert!(since.elapsed() < Duration::from_secs(4), "neither held its connection");
}

#[tokio::test]
async fn beyond_the_queue_callers_are_told_when_to_return() {
    let full = GatewayConfig { concurrency: 1, queue: 1, queue_per_payer: 5, ..config() };
    let world = World::with(full).await;
    world.engine.block();
    let body = chat("wait");
    let first: Vec<_> =
        (0..2).map(|_| tokio::spawn(world.post("/v1/chat/completions", &body).send())).collect();
    let overflow = loop {
        let reply = world.http.post(world.url("/v1/chat/completions")).body(body.to_string());
        match tokio::time::timeout(Duration::from_millis(100), reply.send()).await {
            Ok(reply) => break Reply::of(reply.unwrap()).await,
            Err(_) => continue,
        }
    };
    assert_eq!((overflow.status, overflow.code().as_str()), (503, "queue_full"));
    assert!(overflow.header("retry-after").parse::<u64>().unwrap() >= 1);
    world.engine.release(10);
    for request in first {
        assert_eq!(request.await.unwrap().unwrap().status().as_u16(), 200);
    }
}

#[tokio::test]
async fn one_caller_cannot_fill_the_queue_nor_ask_without_pause() {
    let share = GatewayConfig { concurrency: 1, queue: 10, queue_per_payer: 1, ..config() };
    let world = World::with(share).await;
    world.engine.block();
    let waiting = tokio::spawn(world.post("/v1/chat/completions", &chat("wait")).send());
    world.engine.running(1).await;
    let reply = world.ask("/v1/chat/completions", &chat("more")).await;
    assert_eq!((reply.status, reply.code().as_str()), (429, "too_many_waiting"));
    world.engine.release(1);
    waiting.await.unwrap().unwrap();

    let mut slow = config();
    slow.bounds.per_minute = 6;
    let world = World::with(slow).await;
    let body = chat("again");
    let statuses = [(); 3].map(|()| world.ask("/v1/chat/completions", &body));
    let statuses: Vec<u16> =
        futures::future::join_all(statuses).await.into_iter().map(|reply| reply.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 2, "{statuses:?}");
}

#[tokio::test]
async fn compressed_and_broken_bodies_are_refused() {
    let world = World::free().await;
    let request = world.post("/v1/chat/completions", &chat("x")).header("content-encoding", "gzip");
    assert_eq!(Reply::of(request.send().await.unwrap()).await.code(), "unsupported_encoding");
    for (body, code) in
        [("", "invalid_json"), ("[1]", "invalid_json"), (r#"{"model":"a","model":"b"}"#, "invalid_json")]
    {
        let request = world.http.post(world.url("/v1/chat/completions")).body(body);
        assert_eq!(Reply::of(request.send().await.unwrap()).await.code(), code, "{body}");
    }
    assert_eq!(
        world.ask("/v1/embeddings", &json!({ "model": "embed", "input": [1, 2] })).await.code(),
        "invalid_type"
    );
}

#[tokio::test]
async fn an_operator_that_is_not_active_signs_nothing_new() {
    let world = World::free().await;
    let answered = world.ask("/v1/chat/completions", &chat("hello")).await;
    let id = answered.header("x-request-id").to_owned();
    *world.chain.signer.lock().unwrap() = alloy::primitives::Address::ZERO;
    let since = Instant::now();
    let refused = loop {
        let reply = world.ask("/v1/chat/completions", &chat("hello")).await;
        if reply.status != 200 {
            break reply;
        }
        assert!(since.elapsed() < Duration::from_secs(20), "it never noticed");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert_eq!((refused.status, refused.code().as_str()), (503, "operator_inactive"));
    assert_eq!(world.get(&format!("/v1/receipts/{id}")).await.status, 200, "what was given stays");
    let ready = world.get("/readyz").await;
    assert!(ready.status == 503 && ready.text.contains("not active"), "{}", ready.text);
    *world.chain.signer.lock().unwrap() = world.signer.address();
    while world.get("/readyz").await.status != 200 {
        assert!(since.elapsed() < Duration::from_secs(40), "it never came back");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
