//! Endpoints that misbehave, one way at a time.

// The sends themselves are tested here, without the journal that makes all others.
#![allow(clippy::disallowed_methods)]

use std::time::{Duration, Instant};

use opg_chain::{
    rpc::{Rejection, Rpc, RpcError},
    rpc_trait::ChainRpc,
};
use serde_json::{Value, json};

use crate::support::server::{Reply, Server, config};

const BALANCE: &str = "0x2a";

async fn good() -> Server {
    Server::start(|_, _| Reply::Result(json!(BALANCE))).await
}

async fn balance(rpc: &Rpc) -> Result<Value, RpcError> {
    rpc.read("eth_getBalance", json!([])).await
}

/// A way of answering badly and its name.
type Fault = (&'static str, fn() -> Reply);

/// Every way of answering badly.
fn faults() -> Vec<Fault> {
    vec![
        ("hangs", || Reply::Hang),
        ("closes", || Reply::Close),
        ("status 500", || Reply::Status(500, "oops".to_owned())),
        ("status 429", || Reply::Status(429, "slow down".to_owned())),
        ("redirect", || Reply::Status(302, String::new())),
        ("garbage", || Reply::Status(200, "<html>hello</html>".to_owned())),
        ("empty", || Reply::Status(200, String::new())),
        ("truncated", || Reply::Truncated(r#"{"jsonrpc":"2.0","id":1,"result":"#.to_owned())),
        ("truncated but closed", || Reply::Status(200, r#"{"jsonrpc":"2.0","id":1,"resu"#.to_owned())),
        ("huge", || Reply::Huge(1 << 20)),
        ("wrong id", || Reply::WrongId(json!("0x1"))),
        ("drips", || Reply::Drip(r#"{"jsonrpc":"2.0","id":1,"result":"0x1"}"#.to_owned())),
    ]
}

#[tokio::test]
async fn a_read_moves_on_to_the_next_endpoint() {
    for (name, fault) in faults() {
        let (bad, good) = (Server::start(move |_, _| fault()).await, good().await);
        let rpc = Rpc::lazy(config(&[&bad, &good])).unwrap();
        let start = Instant::now();
        assert_eq!(balance(&rpc).await.unwrap(), json!(BALANCE), "{name}");
        assert!(start.elapsed() < Duration::from_secs(2), "{name} took {:?}", start.elapsed());
    }
}

#[tokio::test]
async fn alone_a_bad_endpoint_gives_a_retryable_error_that_names_it() {
    for (name, fault) in faults() {
        let bad = Server::start(move |_, _| fault()).await;
        let rpc = Rpc::lazy(config(&[&bad])).unwrap();
        let error = balance(&rpc).await.unwrap_err();
        assert!(error.is_retryable(), "{name}: {error}");
        assert!(error.to_string().contains("rpc 1 (http://127.0.0.1:"), "{name}: {error}");
    }
}

#[tokio::test]
async fn a_failed_endpoint_rests_and_the_good_one_is_asked_first() {
    let (bad, good) = (Server::start(|_, _| Reply::Close).await, good().await);
    let mut config = config(&[&bad, &good]);
    config.base_backoff = Duration::from_secs(60);
    config.max_backoff = Duration::from_secs(60);
    let rpc = Rpc::lazy(config).unwrap();
    balance(&rpc).await.unwrap();
    let calls = bad.calls();
    for _ in 0..5 {
        balance(&rpc).await.unwrap();
    }
    assert_eq!(bad.calls(), calls);
}

#[tokio::test]
async fn a_refusal_is_an_answer_and_no_reason_to_ask_elsewhere() {
    let refusing = Server::start(|_, _| Reply::error(3, "execution reverted: too late")).await;
    let good = good().await;
    let rpc = Rpc::lazy(config(&[&refusing, &good])).unwrap();
    let error = balance(&rpc).await.unwrap_err();
    assert_eq!(error.revert().map(|revert| revert.text.as_str()), Some("too late"));
    assert!(!error.is_retryable());
    assert_eq!(good.calls(), 0);
}

#[tokio::test]
async fn another_chain_is_refused_at_the_start() {
    let other = Server::raw(|_, _| Reply::Result(json!("0x1"))).await;
    let error = Rpc::connect(config(&[&other])).await.unwrap_err();
    assert!(matches!(error, RpcError::WrongChain { expected: 31337, found: 1, .. }), "{error}");
}

#[tokio::test]
async fn another_chain_behind_an_endpoint_that_was_down_at_the_start_is_never_used() {
    let other = Server::raw(|_, _| Reply::Result(json!("0x1"))).await;
    let good = good().await;
    let rpc = Rpc::lazy(config(&[&other, &good])).unwrap();
    assert_eq!(balance(&rpc).await.unwrap(), json!(BALANCE));
}

#[tokio::test]
async fn starting_needs_one_endpoint_that_answers() {
    let (dead, good) = (Server::raw(|_, _| Reply::Close).await, good().await);
    Rpc::connect(config(&[&dead, &good])).await.unwrap();
    let error = Rpc::connect(config(&[&dead])).await.unwrap_err();
    assert!(matches!(error, RpcError::Exhausted { .. }), "{error}");
}

#[tokio::test]
async fn keys_in_addresses_reach_no_error() {
    let mut config = config(&[&good().await]);
    config.urls = vec!["http://user:hunter2@127.0.0.1:1/v2/SECRET?key=SECRET".parse().unwrap()];
    let rpc = Rpc::lazy(config).unwrap();
    let error = balance(&rpc).await.unwrap_err();
    let shown = format!("{error} {error:?} {rpc:?} {:?}", rpc.status());
    assert!(!shown.contains("SECRET") && !shown.contains("hunter2"), "{shown}");
}

#[tokio::test]
async fn a_send_goes_to_one_endpoint_after_the_other() {
    let raw = alloy::primitives::Bytes::from_static(b"\x02transaction");
    let hash = alloy::primitives::keccak256(&raw);
    let accepting = Server::start(move |_, _| Reply::Result(json!(hash))).await;
    let spare = Server::start(move |_, _| Reply::Result(json!(hash))).await;
    let rpc = Rpc::lazy(config(&[&accepting, &spare])).unwrap();
    assert_eq!(rpc.send_raw(&raw).await.unwrap(), hash);
    assert_eq!(spare.calls(), 0, "one endpoint is enough");

    let hanging = Server::start(|_, _| Reply::Hang).await;
    let knowing = Server::start(|_, _| Reply::error(-32000, "already known")).await;
    let rpc = Rpc::lazy(config(&[&hanging, &knowing])).unwrap();
    assert_eq!(rpc.send_raw(&raw).await.unwrap(), hash, "already known is success");
}

#[tokio::test]
async fn the_outcome_of_a_send_is_never_guessed() {
    use opg_chain::rpc_trait::RpcError as Outcome;
    let raw = alloy::primitives::Bytes::from_static(b"\x02transaction");
    let refusing = Server::start(|_, _| Reply::error(-32000, "nonce too low")).await;
    let hanging = Server::start(|_, _| Reply::Hang).await;
    let lying = Server::start(|_, _| Reply::Result(json!(alloy::primitives::B256::ZERO))).await;

    let rpc = Rpc::lazy(config(&[&refusing])).unwrap();
    let refused = rpc.send_raw(&raw).await.unwrap_err();
    assert!(matches!(&refused, Outcome::Refused { message, .. } if message == "nonce too low"), "{refused}");

    for servers in [[&hanging, &refusing], [&refusing, &lying]] {
        let rpc = Rpc::lazy(config(&servers)).unwrap();
        let unclear = rpc.send_raw(&raw).await.unwrap_err();
        assert!(matches!(unclear, Outcome::Unreachable { .. }), "{unclear}");
    }
}

#[tokio::test]
async fn a_rate_limit_is_retryable_and_another_endpoint_may_help() {
    let limited = Server::start(|_, _| Reply::error(-32005, "daily request count exceeded")).await;
    let rpc = Rpc::lazy(config(&[&limited])).unwrap();
    let error = balance(&rpc).await.unwrap_err();
    assert!(matches!(error.rejection(), Some(Rejection::RateLimited(_))) && error.is_retryable(), "{error}");
    let good = good().await;
    let rpc = Rpc::lazy(config(&[&limited, &good])).unwrap();
    assert_eq!(balance(&rpc).await.unwrap(), json!(BALANCE));
}
