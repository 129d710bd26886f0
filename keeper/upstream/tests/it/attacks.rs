//! Servers that want more than they are due: memory, money, or the key.

use opg_engine::Usage;

use crate::support::{KEY, PATIENCE, Role, Server, answer, ask, engine, failure};

#[tokio::test]
async fn an_endless_answer_ends() {
    let piece = format!(r#"data: {{"choices":[{{"delta":{{"content":"{}"}}}}]}}"#, "x".repeat(1 << 10));
    let padded = format!(r#"data: {{"choices":[],"pad":"{}"}}"#, "x".repeat(1 << 16));
    for (bytes, reason) in [
        (format!("{piece}\n\n"), "longer than 262144 bytes"),
        ("data: never ends ".repeat(1 << 10), "a line of its stream"),
        (format!("{padded}\n\n"), "longer than any that is taken"),
    ] {
        let (error, ..) = failure(Role::Endless(bytes.into_bytes()), PATIENCE).await;
        assert!(!error.is_retryable() && error.to_string().contains(reason), "{error}");
    }
}

#[tokio::test]
async fn nobody_pays_for_tokens_that_cannot_be() {
    let mut events = answer();
    let lie = u64::MAX;
    events[3] = format!(r#"{{"choices":[],"usage":{{"prompt_tokens":{lie},"completion_tokens":{lie}}}}}"#);
    let server = Server::start(Role::Says(events)).await;
    let completion = ask(&engine(&server, PATIENCE)).await.0.unwrap();
    // Six bytes in one message; at most a token for each byte of the answer and one for its end, and at most ten.
    assert_eq!(completion.usage, Usage { input_tokens: 2 + 8, output_tokens: 10 });
}

#[tokio::test]
async fn an_answer_without_a_count_is_none() {
    let mut events = answer();
    events.remove(3);
    let (error, ..) = failure(Role::Says(events), PATIENCE).await;
    assert!(error.to_string().contains("how many tokens"), "{error}");
}

#[tokio::test]
async fn what_follows_the_end_is_refused() {
    let mut events = answer();
    events.push(events[0].clone());
    let (error, ..) = failure(Role::Says(events), PATIENCE).await;
    assert!(error.to_string().contains("behind its end"), "{error}");
}

#[tokio::test]
async fn the_key_goes_nowhere_else() {
    let thief = Server::start(Role::Honest).await;
    let (error, ..) = failure(Role::Redirects(format!("{}/chat/completions", thief.url)), PATIENCE).await;
    assert!(error.to_string().contains("307"), "{error}");
    assert_eq!(thief.asked(), 0);

    // A refusal that repeats the whole request.
    let server = Server::start(Role::Refuses(401)).await;
    let engine = engine(&server, PATIENCE);
    let error = ask(&engine).await.0.unwrap_err();
    assert!(server.last().0.contains(KEY), "it was sent");
    assert!(!format!("{error} {error:?} {engine:?}").contains(KEY), "{error}");
}
