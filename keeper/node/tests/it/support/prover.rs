//! A small integer model, its keys, and a prover that does what the test says.

use std::{
    collections::VecDeque,
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use opg_node::proving::{Parts, ProofTask, Prover, ProverError, ProvingFiles};
use opg_zkml::{
    Circuit, Model, ProvingKey, development_setup, evm,
    model::{Gemm, Layer, Shape},
};
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

/// What the next attempt does. Without any, it proves.
#[derive(Debug, Clone)]
pub(crate) enum Attempt {
    Fail(ProverError),
    /// Waits until `release` is called, then proves.
    Block,
    Panic,
    /// Claims a proof that is of another statement.
    Lie,
}

/// The keys that all tests share: a setup takes a while.
#[derive(Debug)]
pub(crate) struct Keys {
    pub(crate) circuit: Circuit,
    pub(crate) key: ProvingKey,
}

/// Three values into the index of the larger of two sums; `bias` makes different models.
pub(crate) fn model(bias: i32) -> Model {
    let gemm = Gemm { weights: vec![3, -1, 2, -2, 4, 1], bias: vec![bias, 0] };
    let layers = vec![Layer::Gemm(gemm), Layer::Requantise { shift: 2 }, Layer::ArgMax];
    Model::new(Shape::vector(3), layers).unwrap()
}

impl Keys {
    pub(crate) fn make(bias: i32) -> Self {
        let circuit = Circuit::compile(model(bias)).unwrap();
        let key = development_setup(&circuit, &mut rand::rng()).unwrap();
        Self { circuit, key }
    }

    /// The key as the chain keeps it.
    pub(crate) fn registered(&self) -> Vec<u8> {
        evm::encode_key(self.key.verifying_key())
    }

    pub(crate) fn write(&self, folder: &Path) -> ProvingFiles {
        let files = ProvingFiles::new(folder.join("m.zkm"), folder.join("m.pk"));
        std::fs::write(&files.model, self.circuit.model().to_bytes()).unwrap();
        self.key.write(std::fs::File::create(&files.key).unwrap()).unwrap();
        files
    }
}

#[derive(Debug)]
pub(crate) struct FakeProver {
    pub(crate) keys: Mutex<Option<Keys>>,
    next: Mutex<VecDeque<Attempt>>,
    gate: Semaphore,
    attempts: AtomicUsize,
    now_proving: AtomicUsize,
    pub(crate) most_proving: AtomicUsize,
}

impl FakeProver {
    pub(crate) fn new() -> Self {
        Self {
            keys: Mutex::default(),
            next: Mutex::default(),
            gate: Semaphore::new(0),
            attempts: AtomicUsize::new(0),
            now_proving: AtomicUsize::new(0),
            most_proving: AtomicUsize::new(0),
        }
    }

    pub(crate) fn then(&self, attempt: Attempt) {
        self.next.lock().unwrap().push_back(attempt);
    }

    pub(crate) fn release(&self) {
        self.gate.add_permits(1);
    }

    pub(crate) fn attempts(&self) -> usize {
        self.attempts.load(Ordering::SeqCst)
    }

    /// Waits until `count` proofs are being made.
    pub(crate) async fn proving(&self, count: usize) {
        while self.now_proving.load(Ordering::SeqCst) != count {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn proof(&self, task: &ProofTask, lie: bool) -> Vec<u8> {
        let keys = self.keys.lock().unwrap();
        let Keys { circuit, key } = keys.as_ref().unwrap();
        let run = circuit.execute(&task.input).unwrap();
        let statement = if lie { alloy::primitives::B256::repeat_byte(1) } else { task.statement };
        evm::encode_proof(&key.prove(circuit, &run, statement, &mut rand::rng()).unwrap())
    }
}

/// Counts an attempt until it ends in whatever way.
struct Counted<'a>(&'a AtomicUsize);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Prover for FakeProver {
    async fn prove(
        &self,
        task: &ProofTask,
        progress: mpsc::Sender<Parts>,
        cancel: CancellationToken,
    ) -> Result<Vec<u8>, ProverError> {
        self.attempts.fetch_add(1, Ordering::SeqCst);
        let proving = self.now_proving.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_proving.fetch_max(proving, Ordering::SeqCst);
        let _counted = Counted(&self.now_proving);
        let attempt = self.next.lock().unwrap().pop_front();
        match attempt {
            None => {}
            Some(Attempt::Fail(error)) => return Err(error),
            Some(Attempt::Panic) => panic!("the prover is broken"),
            Some(Attempt::Lie) => return Ok(self.proof(task, true)),
            Some(Attempt::Block) => {
                progress.send((3, 8)).await.unwrap();
                tokio::select! {
                    () = cancel.cancelled() => return Err(ProverError::Cancelled),
                    permit = self.gate.acquire() => permit.unwrap().forget(),
                }
            }
        }
        Ok(self.proof(task, false))
    }
}
