//! Proving processes that die, stall, or talk nonsense.

use std::time::{Duration, Instant};

use alloy::primitives::B256;
use opg_node::proving::{ProcessProver, ProofTask, Prover, ProverConfig, ProverError, ProvingFiles};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// A process that reads its order and then does this.
async fn prove(
    script: &str,
    limit: Duration,
    cancel: CancellationToken,
) -> (Result<Vec<u8>, ProverError>, u32) {
    let prover = ProcessProver::new(ProverConfig {
        program: "sh".into(),
        args: vec!["-c".into(), format!("read order; {script}").into()],
        threads: Some(1),
        memory_limit: None,
    });
    let task = ProofTask {
        files: ProvingFiles::new("m", "k"),
        input: vec![1, 2].into(),
        statement: B256::ZERO,
        time_limit: limit,
    };
    let (sender, mut parts) = mpsc::channel(8);
    let result = prover.prove(&task, sender, cancel).await;
    let mut done = 0;
    while let Ok((parts, _)) = parts.try_recv() {
        done = parts;
    }
    (result, done)
}

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn how_a_process_ends_decides_whether_another_is_started() {
    let run = async |script: &str| prove(script, MINUTE, CancellationToken::new()).await;

    let (result, parts) = run(r#"echo '{"parts":[4,8]}'; echo '{"proof":"0x0102"}'"#).await;
    assert_eq!((result, parts), (Ok(vec![1, 2]), 4));

    let (result, _) = run(r#"echo '{"impossible":"another model"}'"#).await;
    assert_eq!(result, Err(ProverError::Impossible("another model".to_owned())));

    let (result, parts) = run(r#"echo '{"parts":[2,8]}'; echo tired >&2; kill -9 $$"#).await;
    let error = result.unwrap_err();
    assert!(error.is_retryable() && error.to_string().contains("signal 9"), "{error}");
    assert!(error.to_string().contains("tired"), "{error}");
    assert_eq!(parts, 2);

    for nonsense in ["echo hello; sleep 60", "exit 3", "echo '{\"proof\":7}'; sleep 60"] {
        let begun = Instant::now();
        let error = run(nonsense).await.0.unwrap_err();
        assert!(matches!(error, ProverError::Died(_)), "{nonsense}: {error}");
        assert!(begun.elapsed() < MINUTE / 2, "it is not waited for");
    }

    let (result, _) = run("echo 'memory allocation of 9 bytes failed' >&2; kill -6 $$").await;
    let error = result.unwrap_err();
    assert!(!error.is_retryable() && error.to_string().contains("memory_limit"), "{error}");
}

#[tokio::test]
async fn a_process_that_takes_too_long_or_is_not_wanted_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("alive");
    let script = format!("sleep 1; touch {}", mark.display());
    let (result, _) = prove(&script, Duration::from_millis(100), CancellationToken::new()).await;
    assert_eq!(result, Err(ProverError::TooSlow(Duration::from_millis(100))));

    let cancel = CancellationToken::new();
    let stop = cancel.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(50)).await;
        stop.cancel();
    });
    assert_eq!(prove(&script, MINUTE, cancel).await.0, Err(ProverError::Cancelled));
    tokio::time::sleep(Duration::from_millis(1_300)).await;
    assert!(!mark.exists(), "neither went on");
}

#[tokio::test]
async fn a_program_that_is_not_there_is_named() {
    let prover = ProcessProver::new(ProverConfig {
        program: "/no/such/program".into(),
        args: vec![],
        threads: None,
        memory_limit: None,
    });
    let task = ProofTask {
        files: ProvingFiles::new("m", "k"),
        input: vec![1].into(),
        statement: B256::ZERO,
        time_limit: MINUTE,
    };
    let (sender, _parts) = mpsc::channel(1);
    let error = prover.prove(&task, sender, CancellationToken::new()).await.unwrap_err();
    assert!(matches!(error, ProverError::Unavailable(_)) && error.is_retryable(), "{error}");
}
