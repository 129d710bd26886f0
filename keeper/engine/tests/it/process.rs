//! The worker process: what its users see when things go well and when they do not.

use std::time::Duration;

use opg_engine::{
    ChatInput, EmbeddingInput, Engine, EngineError, FinishReason, Input, Limits, ModelManifest, Output,
    ProcessConfig, ProcessEngine, Task,
};
use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::models::{minilm, smollm2};
use crate::tiny::{self, Tiny};

fn config() -> ProcessConfig {
    ProcessConfig {
        threads: Some(1),
        slots: 1,
        ..ProcessConfig::new(env!("CARGO_BIN_EXE_opg-engine-worker"))
    }
}

fn engine(models: Vec<ModelManifest>) -> ProcessEngine {
    ProcessEngine::new(config(), models).unwrap()
}

fn ask(question: &str, max_tokens: u32) -> Input {
    Input::Chat(ChatInput { max_tokens: Some(max_tokens), ..ChatInput::ask(question) })
}

fn embed(text: &str) -> Input {
    Input::Embedding(EmbeddingInput { input: text.to_owned() })
}

async fn run(
    engine: &ProcessEngine,
    model: &str,
    input: Input,
) -> Result<opg_engine::Completion, EngineError> {
    engine.run(model, input, None, CancellationToken::new()).await
}

/// Three models of which two fit: the one used longest ago makes room, and comes back when it is asked for.
#[tokio::test]
async fn models_used_longest_ago_make_room_for_others() {
    let [first, second, third] = ["a", "b", "c"].map(|name| {
        let (file, manifest) = tiny::manifest(&Tiny::new().bytes(), Task::Chat);
        (file, ModelManifest { name: name.to_owned(), ..manifest })
    });
    let size = std::fs::metadata(&first.1.weights).unwrap().len();
    let budget = ProcessConfig { model_memory: Some(2 * size), ..config() };
    let engine =
        ProcessEngine::new(budget, [&first, &second, &third].map(|each| each.1.clone()).into()).unwrap();
    let loads = async |name: &str| {
        let completion = run(&engine, name, ask("hello", 2)).await.unwrap();
        completion.timings.load > Duration::ZERO
    };
    for (name, loaded_now) in [
        ("a", true),
        ("b", true),
        ("a", false),
        ("c", true),
        ("a", false),
        ("b", true),
        ("c", true),
        ("b", false),
    ] {
        assert_eq!(loads(name).await, loaded_now, "{name}");
    }
    engine.shutdown().await;
}

async fn until(what: &str, condition: impl Fn() -> bool) {
    for _ in 0..600 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("waited 30 s in vain for {what}");
}

fn kill(pid: u32) {
    kill_process(Pid::from_raw(pid as i32).unwrap(), Signal::KILL).unwrap();
}

fn is_alive(pid: u32) -> bool {
    std::path::Path::new(&format!("/proc/{pid}/exe")).exists()
        && !std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default().contains(") Z ")
}

#[tokio::test]
async fn one_worker_serves_both_models_streams_and_counts() {
    let engine = engine(vec![smollm2(), minilm()]);
    let (sender, mut pieces) = mpsc::channel(64);
    let question = ask("Say hello.", 8);
    let counted = engine.input_tokens("smollm2", question.clone()).await.unwrap();
    let completion = engine.run("smollm2", question, Some(sender), CancellationToken::new()).await.unwrap();
    let mut streamed = String::new();
    while let Some(piece) = pieces.recv().await {
        streamed.push_str(&piece);
    }
    assert_eq!(completion.output, Output::Text(streamed));
    assert_eq!(completion.usage.input_tokens, counted);
    assert_eq!(completion.usage.input_tokens as usize, completion.trace.input_tokens.len());
    assert_eq!(completion.usage.output_tokens as usize, completion.trace.output_tokens.len());
    if completion.finish_reason == FinishReason::Length {
        assert_eq!(completion.usage.output_tokens, 8);
    }

    let vector = run(&engine, "minilm", embed("hello")).await.unwrap();
    assert!(matches!(vector.output, Output::Embedding(vector) if vector.len() == 384));

    let error = run(&engine, "minilm", ask("wrong", 1)).await.unwrap_err();
    assert_eq!(error.code(), "engine.input");
    let error = run(&engine, "gpt", ask("unknown", 1)).await.unwrap_err();
    assert!(error.to_string().contains("smollm2, minilm"), "{error}");

    let pid = engine.worker_pid().unwrap();
    engine.shutdown().await;
    assert!(!is_alive(pid));
    assert_eq!(run(&engine, "minilm", embed("late")).await.unwrap_err().code(), "engine.worker_unavailable");
}

#[tokio::test]
async fn a_killed_worker_costs_the_running_job_and_no_other() {
    let engine = engine(vec![smollm2(), minilm()]);
    engine.load("smollm2").await.unwrap();
    let pid = engine.worker_pid().unwrap();

    let (sender, mut pieces) = mpsc::channel(1);
    let long = ask("Tell a long story.", 256);
    let running = engine.run("smollm2", long, Some(sender), CancellationToken::new());
    let waiting = run(&engine, "minilm", embed("waiting"));
    let killer = async {
        assert!(pieces.recv().await.is_some(), "the job runs");
        kill(pid);
        while pieces.recv().await.is_some() {}
    };
    let (running, waiting, ()) = tokio::join!(running, waiting, killer);
    let error = running.unwrap_err();
    assert_eq!(error.code(), "engine.worker_crashed", "{error}");
    assert!(error.is_retryable());
    assert!(error.to_string().contains("signal 9"), "{error}");
    waiting.unwrap();
    assert_ne!(engine.worker_pid().unwrap(), pid);
    assert!(engine.capacity().ready);
}

#[tokio::test]
async fn a_worker_killed_while_idle_costs_no_job() {
    let engine = engine(vec![minilm()]);
    engine.load("minilm").await.unwrap();
    let mut pid = engine.worker_pid().unwrap();
    for job in 0..5 {
        // No wait for the end of the process: the job may meet it alive, dying or dead.
        kill(pid);
        run(&engine, "minilm", embed(&format!("job {job}"))).await.unwrap();
        let next = engine.worker_pid().unwrap();
        assert_ne!(pid, next);
        pid = next;
    }
}

#[tokio::test]
async fn a_job_that_a_dead_worker_never_took_is_handed_on() {
    let engine = engine(vec![minilm()]);
    engine.load("minilm").await.unwrap();
    let pid = engine.worker_pid().unwrap();
    // Stopped, so that it certainly has not taken the job when it dies.
    kill_process(Pid::from_raw(pid as i32).unwrap(), Signal::STOP).unwrap();
    let killer = async {
        until("the job to be handed over", || engine.capacity().running == 1).await;
        kill(pid);
    };
    let (answer, ()) = tokio::join!(run(&engine, "minilm", embed("handed on")), killer);
    answer.unwrap();
    assert_ne!(engine.worker_pid().unwrap(), pid);
}

#[tokio::test]
async fn a_full_queue_is_refused_and_waiting_jobs_can_be_cancelled() {
    let engine = ProcessEngine::new(ProcessConfig { queue_limit: 1, ..config() }, vec![minilm()]).unwrap();
    engine.load("minilm").await.unwrap();
    let pid = Pid::from_raw(engine.worker_pid().unwrap() as i32).unwrap();
    kill_process(pid, Signal::STOP).unwrap();
    let cancel = CancellationToken::new();
    let running = engine.run("minilm", embed("one"), None, CancellationToken::new());
    let waiting = async {
        until("the first to run", || engine.capacity().running == 1).await;
        engine.run("minilm", embed("two"), None, cancel.clone()).await
    };
    let refused = async {
        until("the second to wait", || engine.capacity().free() == 0).await;
        let error = run(&engine, "minilm", embed("three")).await.unwrap_err();
        cancel.cancel();
        tokio::time::sleep(Duration::from_millis(50)).await;
        kill_process(pid, Signal::CONT).unwrap();
        error
    };
    let (running, waiting, refused) = tokio::join!(running, waiting, refused);
    assert_eq!(refused, EngineError::Busy { queued: 1, limit: 1 });
    assert!(refused.is_retryable());
    assert_eq!(waiting.unwrap_err(), EngineError::Cancelled);
    running.unwrap();
}

#[tokio::test]
async fn cancelling_ends_generation_and_keeps_the_worker() {
    let engine = engine(vec![smollm2()]);
    engine.load("smollm2").await.unwrap();
    let pid = engine.worker_pid();
    let (sender, mut pieces) = mpsc::channel(1);
    let cancel = CancellationToken::new();
    let run = engine.run("smollm2", ask("Write a very long story.", 500), Some(sender), cancel.clone());
    let canceller = async {
        pieces.recv().await.unwrap();
        cancel.cancel();
    };
    let (result, ()) = tokio::join!(run, canceller);
    assert_eq!(result.unwrap_err(), EngineError::Cancelled);
    until("the worker to give up", || engine.capacity().running == 0).await;
    assert_eq!(engine.worker_pid(), pid);
}

#[tokio::test]
async fn a_worker_that_does_not_stop_is_replaced_after_the_deadline() {
    let limits = Limits { max_duration: Duration::from_secs(20), ..minilm().limits };
    let config = ProcessConfig { cancel_grace: Duration::from_millis(100), ..config() };
    let engine = ProcessEngine::new(config, vec![ModelManifest { limits, ..minilm() }]).unwrap();
    engine.load("minilm").await.unwrap();
    let pid = engine.worker_pid().unwrap();
    kill_process(Pid::from_raw(pid as i32).unwrap(), Signal::STOP).unwrap();
    let cancel = CancellationToken::new();
    let job = engine.run("minilm", embed("stuck"), None, cancel.clone());
    let canceller = async {
        until("the job to run", || engine.capacity().running == 1).await;
        cancel.cancel();
    };
    let (result, ()) = tokio::join!(job, canceller);
    assert_eq!(result.unwrap_err(), EngineError::Cancelled);
    run(&engine, "minilm", embed("next")).await.unwrap();
    assert_ne!(engine.worker_pid(), Some(pid));
}

#[tokio::test]
async fn a_job_over_its_time_is_an_error_of_its_own() {
    let limits = Limits { max_duration: Duration::from_millis(1), ..smollm2().limits };
    let engine = engine(vec![ModelManifest { limits, ..smollm2() }]);
    let error = run(&engine, "smollm2", ask("Too slow?", 4)).await.unwrap_err();
    assert_eq!(error, EngineError::DeadlineExceeded { limit: Duration::from_millis(1) });
}

#[tokio::test]
async fn running_out_of_memory_is_named_and_survived() {
    let config = ProcessConfig { memory_limit: Some(60 << 20), ..config() };
    let engine = ProcessEngine::new(config, vec![smollm2()]).unwrap();
    let error = engine.load("smollm2").await.unwrap_err();
    assert_eq!(error.code(), "engine.out_of_memory", "{error}");
    assert!(!error.is_retryable());
    let again = engine.load("smollm2").await.unwrap_err();
    assert_eq!(again.code(), "engine.out_of_memory", "{again}");
}

#[tokio::test]
async fn programs_that_are_no_workers_are_reported() {
    for (program, says) in [
        ("/nonexistent/worker", "cannot be executed"),
        ("/bin/false", "exit code 1"),
        ("/bin/cat", "not a working"),
    ] {
        let config = ProcessConfig { restart_delay: Duration::ZERO, ..ProcessConfig::new(program) };
        let engine = ProcessEngine::new(config, vec![minilm()]).unwrap();
        let error = engine.load("minilm").await.unwrap_err();
        assert_eq!(error.code(), "engine.worker_unavailable", "{error}");
        assert!(error.to_string().contains(says), "{program}: {error}");
        assert!(!engine.capacity().ready);
    }
}

#[tokio::test]
async fn two_models_may_not_share_a_name() {
    let error = ProcessEngine::new(config(), vec![minilm(), minilm()]).unwrap_err();
    assert!(error.to_string().contains("`minilm`"), "{error}");
}
