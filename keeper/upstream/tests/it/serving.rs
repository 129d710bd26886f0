//! What a request becomes, and what comes of it.

use std::path::PathBuf;
use std::sync::Arc;

use opg_engine::{
    ChatInput, EmbeddingInput, Engine, EngineError, FinishReason, Input, Output, Profile, Task, TensorInput,
    Usage, assumed_tokens, digest,
};
use opg_upstream::{Forwarded, ForwardingEngine, Routed};
use tokio_util::sync::CancellationToken;

use crate::support::{KEY, PATIENCE, Role, Server, ask, engine, manifest, question, upstream, weights};

#[tokio::test]
async fn a_chat_is_streamed_and_charged_as_the_server_counts() {
    let server = Server::start(Role::Honest).await;
    let engine = engine(&server, PATIENCE);
    let (answered, shown) = ask(&engine).await;
    let completion = answered.unwrap();
    assert_eq!(completion.output, Output::Text("Hello world".to_owned()));
    assert_eq!((shown.as_str(), completion.finish_reason), ("Hello world", FinishReason::Stop));
    assert_eq!(completion.usage, Usage { input_tokens: 7, output_tokens: 2 });
    let (head, body) = server.last();
    assert!(
        head.starts_with("POST /v1/chat/completions ") && head.contains(&format!("Bearer {KEY}")),
        "{head}"
    );
    assert_eq!((&body["model"], &body["max_tokens"]), (&"big".into(), &10.into()));
}

#[tokio::test]
async fn an_answer_says_that_it_was_forwarded_and_nobody_vouches_for_it() {
    let server = Server::start(Role::Honest).await;
    let engine = engine(&server, PATIENCE);
    let trace = ask(&engine).await.0.unwrap().trace;
    let profile = Profile::forwarded(&engine.models()[0]);
    assert!(profile.is_forwarded());
    assert_eq!(trace.profile, digest::hex(&profile.digest()));
    assert!(trace.engine.ends_with(" forwarded"), "{}", trace.engine);
    assert!(trace.output_tokens.is_empty() && trace.checkpoints.is_empty());
    assert!(engine.verify("chat", question(), trace).await.is_err());
}

#[tokio::test]
async fn a_vector_has_length_one() {
    let server = Server::start(Role::Honest).await;
    let input = Input::Embedding(EmbeddingInput { input: "a text".to_owned() });
    let cancel = CancellationToken::new();
    let completion = engine(&server, PATIENCE).run("embed", input, None, cancel).await.unwrap();
    assert_eq!(completion.output, Output::Embedding(vec![0.6, 0.8]));
    assert_eq!(completion.usage, Usage { input_tokens: 3, output_tokens: 0 });
    assert_eq!(server.last().1["input"], "a text");
}

#[tokio::test]
async fn input_counts_as_anybody_can_count_it() {
    let server = Server::start(Role::Honest).await;
    let engine = engine(&server, PATIENCE);
    assert_eq!(engine.input_tokens("chat", question()).await, Ok(assumed_tokens(6, 1)));
    let long = Input::Chat(ChatInput::ask("x".repeat(100_000)));
    let error = engine.input_tokens("chat", long.clone()).await.unwrap_err();
    assert_eq!(error.code(), "engine.input_too_long");
    assert_eq!(engine.run("chat", long, None, CancellationToken::new()).await, Err(error));
    let tensor = Input::Tensor(TensorInput { values: vec![1] });
    assert_eq!(engine.input_tokens("chat", tensor).await.unwrap_err().code(), "engine.input");
    assert_eq!(server.asked(), 0, "nothing of this needs the server");
}

#[tokio::test]
async fn a_model_is_loaded_when_its_file_is_registered_and_its_server_has_it() {
    let server = Server::start(Role::Honest).await;
    let file = weights();
    let named = |name: &str, model: &str, weights: PathBuf| Forwarded {
        manifest: manifest(name, Task::Chat, weights),
        upstream: opg_upstream::Upstream::new(&server.url, model, None, 1).unwrap(),
    };
    let other = tempfile::NamedTempFile::new().unwrap();
    let models = vec![
        named("good", "big", file.path().to_owned()),
        named("unknown", "huge", file.path().to_owned()),
        named("other", "big", other.path().to_owned()),
    ];
    let engine = ForwardingEngine::new(models, PATIENCE).unwrap();
    engine.load("good").await.unwrap();
    assert!(!server.state.last.lock().unwrap().0.contains("authorization"), "there is no key");
    let error = engine.load("unknown").await.unwrap_err();
    assert!(error.to_string().contains("no model `huge`; it has big, small"), "{error}");
    assert_eq!(engine.load("other").await.unwrap_err().code(), "engine.digest_mismatch");
    assert_eq!(server.asked(), 2, "a file that is not the registered one is not asked for");
    assert_eq!(engine.load("none").await.unwrap_err().code(), "engine.unknown_model");
}

#[tokio::test]
async fn engines_side_by_side_answer_for_their_own_models() {
    let [one, two] = [Server::start(Role::Honest).await, Server::start(Role::Honest).await];
    let forwarding = |server: &Server, name| {
        let manifest = manifest(name, Task::Chat, PathBuf::from("weights"));
        let forwarded = Forwarded { manifest, upstream: upstream(&server.url) };
        Arc::new(ForwardingEngine::new(vec![forwarded], PATIENCE).unwrap()) as Arc<dyn Engine>
    };
    let routed = Routed::new(vec![forwarding(&one, "first"), forwarding(&two, "second")]);
    assert_eq!(routed.models().len(), 2);
    assert_eq!(routed.capacity().free(), 4, "two slots each");
    routed.run("second", question(), None, CancellationToken::new()).await.unwrap();
    assert_eq!((one.asked(), two.asked()), (0, 1));
    let error = routed.load("third").await.unwrap_err();
    let known = "first, second".to_owned();
    assert_eq!(error, EngineError::UnknownModel { model: "third".to_owned(), known });
}

#[test]
fn no_server_answers_for_a_tensor() {
    let manifest = manifest("tensor", Task::Tensor, PathBuf::from("weights"));
    let forwarded = Forwarded { manifest, upstream: upstream("http://127.0.0.1:1/v1") };
    let error = ForwardingEngine::new(vec![forwarded], PATIENCE).unwrap_err();
    assert!(error.to_string().contains("tensor/1"), "{error}");
}
