//! Hours of random requests against one worker.

use std::sync::Arc;
use std::time::{Duration, Instant};

use opg_engine::local::Unobserved;
use opg_engine::{ChatInput, Constraint, Engine, EngineError, Input, ProcessConfig, ProcessEngine, Task};
use tokio_util::sync::CancellationToken;

use crate::random::{Random, seconds};
use crate::tiny::{self, Tiny};

/// Requests under way at the same time.
const COMPANY: usize = 24;
/// Longest wait for an answer of 40 tokens in seconds: anything beyond is a stall. `OPG_SOAK_STALL` sets another one for
/// machines on which this test gets little of the processor.
const STALL: u64 = 60;
/// From one line about how far it is to the next.
const REPORT: Duration = Duration::from_secs(300);
/// The prefix cache may fill up to 256 MiB; beyond that memory must not grow.
const CACHE: u64 = 256 << 20;
const SLACK: u64 = 32 << 20;

fn request(random: &mut Random) -> ChatInput {
    let words = ["hello ", "he", "ll", "o sea ", "ship "];
    let question: String = (0..1 + random.below(6)).map(|_| words[random.below(words.len())]).collect();
    ChatInput {
        max_tokens: Some(1 + random.below(40) as u32),
        temperature: Some(if random.below(3) == 0 { 0.0 } else { random.below(200) as f64 / 100.0 }),
        top_p: Some(1.0 - random.below(60) as f64 / 100.0),
        seed: Some(random.next()),
        constraint: (random.below(4) == 0).then(|| Constraint::Regex("(?:he|ll|o)+".to_owned())),
        ..ChatInput::ask(question)
    }
}

/// `OPG_SOAK_SECONDS=7200 cargo test -p opg-engine --test it soak -- --ignored --nocapture`
#[tokio::test]
#[ignore = "runs as long as it is told to"]
async fn soak_leaks_nothing_stalls_nowhere_and_answers_right() {
    let until = Instant::now() + seconds("OPG_SOAK_SECONDS", 60);
    let seed = Random::any_seed();
    println!("seed {seed}");
    let mut random = Random(seed);
    let stall = seconds("OPG_SOAK_STALL", STALL);
    let (_file, mut manifest) = tiny::manifest(&Tiny::new().bytes(), Task::Chat);
    manifest.limits.max_duration = 2 * stall;
    let alone = Arc::new(tiny::load(&Tiny::new().bytes()).unwrap());
    // A copy, which nobody builds anew while this runs.
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("opg-engine-worker");
    std::fs::copy(env!("CARGO_BIN_EXE_opg-engine-worker"), &program).unwrap();
    let mut config = ProcessConfig::new(program);
    (config.slots, config.threads, config.queue_limit) = (8, Some(2), 512);
    // A worker that gets little of the processor is slow, not stuck.
    config.cancel_grace = stall;
    let engine = Arc::new(ProcessEngine::new(config, vec![manifest]).unwrap());
    engine.load("tiny").await.unwrap();
    let pid = engine.worker_pid().unwrap();
    let (mut answered, mut cancelled, mut first) = (0_u64, 0_u64, None);
    let mut report = Instant::now() + REPORT;
    while Instant::now() < until {
        if Instant::now() > report {
            println!("{answered} answers, {cancelled} cancelled; {} MiB resident", resident(pid) >> 20);
            report += REPORT;
        }
        let mut jobs = Vec::new();
        for _ in 0..COMPANY {
            let (input, patience) = (request(&mut random), random.below(40) as u64);
            let gives_up = random.below(5) == 0;
            let (engine, alone) = (engine.clone(), alone.clone());
            jobs.push(tokio::spawn(async move {
                let cancel = CancellationToken::new();
                let token = cancel.clone();
                let run = engine.run("tiny", Input::Chat(input.clone()), None, cancel);
                let watch = async {
                    tokio::time::sleep(Duration::from_millis(patience)).await;
                    if gives_up {
                        token.cancel();
                    }
                };
                let (found, ()) = tokio::join!(tokio::time::timeout(stall, run), watch);
                let expected = || alone.run(&Input::Chat(input.clone()), &mut Unobserved);
                match found.unwrap_or_else(|_| panic!("no answer to {input:?}")) {
                    Err(EngineError::Cancelled) if gives_up => false,
                    found => {
                        let (found, expected) = (found.unwrap(), expected().unwrap());
                        assert_eq!(
                            (found.output, found.trace),
                            (expected.output, expected.trace),
                            "{input:?}"
                        );
                        true
                    }
                }
            }));
        }
        for job in jobs {
            if job.await.unwrap() {
                answered += 1;
            } else {
                cancelled += 1;
            }
        }
        let resident = resident(pid);
        let first = *first.get_or_insert(resident);
        assert!(resident < first + CACHE + SLACK, "the worker grew from {first} to {resident} bytes");
    }
    assert_eq!(engine.worker_pid(), Some(pid), "the worker was started again");
    println!("{answered} answers, {cancelled} cancelled; {} MiB resident", resident(pid) >> 20);
    engine.shutdown().await;
}

fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap() * 1024
}
