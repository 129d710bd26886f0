//! Servers that are slow, busy, gone, or end too early.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use opg_engine::{Engine as _, EngineError, Output};
use opg_upstream::{Forwarded, ForwardingEngine, Patience};
use tokio_util::sync::CancellationToken;

use crate::support::{PATIENCE, Role, Server, ask, engine, failure, question, until, upstream};

/// Gives up soon: for servers that say nothing at all.
const SHORT: Patience = Patience { silence: Duration::from_millis(50), ..PATIENCE };

#[tokio::test]
async fn a_server_that_is_busy_is_asked_again() {
    for status in [429, 500, 502, 503] {
        let server = Server::start(Role::FailsFor(2, status)).await;
        let completion = ask(&engine(&server, PATIENCE)).await.0.unwrap();
        assert_eq!(completion.output, Output::Text("Hello world".to_owned()));
        assert_eq!(server.asked(), 3, "{status}");
    }
    let (error, _, asked) = failure(Role::FailsFor(9, 503), PATIENCE).await;
    assert!(error.is_retryable() && error.to_string().contains("503"), "{error}");
    assert_eq!(asked, 3);
}

#[tokio::test]
async fn a_refusal_is_not_repeated() {
    for status in [400, 401, 404, 422] {
        let (error, _, asked) = failure(Role::Refuses(status), PATIENCE).await;
        assert!(!error.is_retryable() && error.to_string().contains(&status.to_string()), "{error}");
        assert_eq!(asked, 1, "{status}");
    }
}

#[tokio::test]
async fn a_server_that_is_gone_can_be_asked_later() {
    // A port that nobody listens on any more.
    let server = Server::start(Role::Honest).await;
    let url = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let gone = Server { url: format!("http://{url}/v1"), state: Arc::clone(&server.state) };
    let error = ask(&engine(&gone, PATIENCE)).await.0.unwrap_err();
    assert!(error.is_retryable(), "{error}");
    assert_eq!(error.code(), "engine.upstream");
}

#[tokio::test]
async fn what_was_shown_is_not_asked_for_again() {
    for (role, reason) in [(Role::Cut, "before its end"), (Role::Stalls, "says nothing")] {
        let (error, shown, asked) = failure(role, SHORT).await;
        assert!(error.is_retryable() && error.to_string().contains(reason), "{error}");
        assert_eq!((shown.as_str(), asked), ("Hello world", 1));
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() {
    let (error, shown, asked) = failure(Role::Silent, SHORT).await;
    assert!(error.to_string().contains("says nothing"), "{error}");
    assert_eq!((shown.as_str(), asked), ("", 3));
}

#[tokio::test]
async fn a_server_learns_that_nobody_waits() {
    let server = Server::start(Role::Stalls).await;
    let engine = Arc::new(engine(&server, PATIENCE));
    let cancel = CancellationToken::new();
    let asking = tokio::spawn({
        let (engine, cancel) = (Arc::clone(&engine), cancel.clone());
        async move { engine.run("chat", question(), None, cancel).await }
    });
    until("the request to arrive", || server.asked() == 1).await;
    cancel.cancel();
    assert_eq!(asking.await.unwrap(), Err(EngineError::Cancelled));
    until("the server to see it", || server.state.left.load(SeqCst) == 1).await;
    assert_eq!(engine.capacity().running, 0);
}

#[tokio::test]
async fn an_answer_has_to_be_there_in_time() {
    let server = Server::start(Role::Stalls).await;
    let limit = Duration::from_millis(50);
    let mut model = crate::support::manifest("chat", opg_engine::Task::Chat, "weights".into());
    model.limits.max_duration = limit;
    let forwarded = Forwarded { manifest: model, upstream: upstream(&server.url) };
    let engine = ForwardingEngine::new(vec![forwarded], PATIENCE).unwrap();
    assert_eq!(ask(&engine).await.0, Err(EngineError::DeadlineExceeded { limit }));
}

#[tokio::test]
async fn no_more_is_asked_at_once_than_configured() {
    let server = Server::start(Role::Silent).await;
    let engine = Arc::new(engine(&server, PATIENCE));
    let cancel = CancellationToken::new();
    let asking = [0; 2].map(|_| {
        let (engine, cancel) = (Arc::clone(&engine), cancel.clone());
        tokio::spawn(async move { engine.run("chat", question(), None, cancel).await })
    });
    until("both to arrive", || server.asked() == 2).await;
    let error = ask(&engine).await.0.unwrap_err();
    assert_eq!((error.code(), error.is_retryable()), ("engine.busy", true));
    cancel.cancel();
    for task in asking {
        assert_eq!(task.await.unwrap(), Err(EngineError::Cancelled));
    }
}
