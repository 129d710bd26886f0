//! Many requests at once: each gets the answer that it would get alone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use opg_engine::local::Unobserved;
use opg_engine::{
    ChatInput, Engine, EngineError, Input, Limits, ModelManifest, ProcessConfig, ProcessEngine, Task,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::models::{CHAT, smollm2};
use crate::tiny::{self, Tiny};

fn engine(models: Vec<ModelManifest>, slots: usize, threads: usize) -> ProcessEngine {
    let mut config = ProcessConfig::new(env!("CARGO_BIN_EXE_opg-engine-worker"));
    config.accelerator = opg_engine::local::Accelerator::Cpu;
    (config.slots, config.threads, config.queue_limit) = (slots, Some(threads), 512);
    ProcessEngine::new(config, models).unwrap()
}

/// A request and when it arrives and, if it is given up, how long after that.
type Arrival = (ChatInput, Duration, Option<Duration>);

fn arrival() -> impl Strategy<Value = Arrival> {
    let question = prop_oneof!["[a-z ]{1,20}", Just("hello hello hello".to_owned())];
    let cancelled = proptest::option::weighted(0.15, 0..20_u64);
    (question, 1..40_u32, prop_oneof![Just(0.0), 0.1..2.0_f64], any::<u64>(), 0..60_u64, cancelled).prop_map(
        |(question, most, temperature, seed, after, cancelled)| {
            let input = ChatInput {
                max_tokens: Some(most),
                temperature: Some(temperature),
                seed: Some(seed),
                ..ChatInput::ask(question)
            };
            (input, Duration::from_millis(after), cancelled.map(Duration::from_millis))
        },
    )
}

/// Sends all requests and compares each answer, trace included, with that of a model alone.
async fn all_as_alone(arrivals: Vec<Arrival>, slots: usize, threads: usize) {
    let (_file, manifest) = tiny::manifest(&Tiny::new().bytes(), Task::Chat);
    let alone = Arc::new(tiny::load(&Tiny::new().bytes()).unwrap());
    let engine = Arc::new(engine(vec![manifest], slots, threads));
    let mut running = Vec::new();
    for (input, after, cancelled) in arrivals {
        let (engine, alone) = (engine.clone(), alone.clone());
        running.push(tokio::spawn(async move {
            tokio::time::sleep(after).await;
            let cancel = CancellationToken::new();
            if let Some(after) = cancelled {
                let cancel = cancel.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(after).await;
                    cancel.cancel();
                });
            }
            let found = engine.run("tiny", Input::Chat(input.clone()), None, cancel).await;
            match found {
                Err(EngineError::Cancelled) if cancelled.is_some() => false,
                found => {
                    let found = found.unwrap();
                    let expected = alone.run(&Input::Chat(input), &mut Unobserved).unwrap();
                    assert_eq!(found.output, expected.output);
                    assert_eq!(found.trace, expected.trace);
                    true
                }
            }
        }));
    }
    let mut answered = 0;
    for job in running {
        answered += usize::from(job.await.unwrap());
    }
    assert!(answered > 0);
    engine.shutdown().await;
}

fn sample(runner: &mut TestRunner, count: usize) -> Vec<Arrival> {
    proptest::collection::vec(arrival(), count).new_tree(runner).unwrap().current()
}

#[tokio::test]
async fn hundreds_of_requests_in_any_company_get_the_answers_they_would_get_alone() {
    let mut runner = TestRunner::deterministic();
    for (slots, threads) in [(1, 1), (3, 2), (16, 2)] {
        all_as_alone(sample(&mut runner, 100), slots, threads).await;
    }
}

/// `cargo test --release -p opg-engine --test it thousands -- --ignored`
#[tokio::test]
#[ignore = "takes minutes"]
async fn thousands_of_requests_get_the_answers_they_would_get_alone() {
    let mut runner = TestRunner::default();
    for round in 0..20 {
        all_as_alone(sample(&mut runner, 400), 1 + round % 17, 1 + round % 3).await;
    }
}

#[tokio::test]
async fn a_long_prompt_does_not_hold_up_an_answer_in_the_making() {
    let engine = Arc::new(engine(vec![smollm2()], 4, 2));
    engine.load("smollm2").await.unwrap();
    let (sender, mut pieces) = mpsc::channel(64);
    let talk = {
        let engine = engine.clone();
        let input = ChatInput { max_tokens: Some(48), ..ChatInput::ask("Count from one to fifty in words.") };
        tokio::spawn(async move {
            engine.run("smollm2", Input::Chat(input), Some(sender), CancellationToken::new()).await
        })
    };
    pieces.recv().await.unwrap();
    let long = ChatInput { max_tokens: Some(1), ..ChatInput::ask("word ".repeat(1500)) };
    let reading = {
        let engine = engine.clone();
        tokio::spawn(async move {
            let started = Instant::now();
            engine.run("smollm2", Input::Chat(long), None, CancellationToken::new()).await.unwrap();
            started.elapsed()
        })
    };
    let (mut last, mut longest) = (Instant::now(), Duration::ZERO);
    while pieces.recv().await.is_some() {
        longest = longest.max(last.elapsed());
        last = Instant::now();
    }
    talk.await.unwrap().unwrap();
    let reading = reading.await.unwrap();
    assert!(longest * 3 < reading, "{longest:?} without a word while a prompt took {reading:?}");
}

#[tokio::test]
async fn a_reader_that_stops_reading_holds_up_nobody_else() {
    let engine = engine(vec![smollm2()], 4, 2);
    let (sender, _unread) = mpsc::channel(1);
    let ask = |question: &str| Input::Chat(ChatInput { max_tokens: Some(20), ..ChatInput::ask(question) });
    let stuck = engine.run("smollm2", ask("Tell me a story."), Some(sender), CancellationToken::new());
    let other = engine.run("smollm2", ask("Say hello."), None, CancellationToken::new());
    tokio::select! {
        _ = stuck => panic!("it cannot end: nobody reads"),
        other = other => {
            let expected = CHAT.run(&ask("Say hello."), &mut Unobserved).unwrap();
            assert_eq!(other.unwrap().trace, expected.trace);
        }
    }
    engine.shutdown().await;
}

#[tokio::test]
async fn an_answer_is_checked_in_the_worker() {
    let engine = engine(vec![ModelManifest { limits: Limits::default(), ..smollm2() }], 2, 2);
    let input = Input::Chat(ChatInput { max_tokens: Some(12), ..ChatInput::ask("Say hello.") });
    let completion = engine.run("smollm2", input.clone(), None, CancellationToken::new()).await.unwrap();
    let mut trace = completion.trace;
    assert_eq!(engine.verify("smollm2", input.clone(), trace.clone()).await, Ok(opg_engine::Verdict::Match));
    trace.output_tokens[2] += 1;
    let verdict = engine.verify("smollm2", input, trace).await.unwrap();
    assert!(matches!(verdict, opg_engine::Verdict::Differs { position: 2, .. }), "{verdict:?}");
}
