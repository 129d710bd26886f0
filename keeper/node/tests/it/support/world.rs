//! Everything that outlives a crash of the keeper, and the steps of a journal.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use alloy::{
    primitives::{Address, B256},
    signers::local::PrivateKeySigner,
    sol_types::SolCall,
};
use opg_chain::bindings::{IInferenceHub::fulfilCall, ModelSpec};
use opg_node::{
    Clock, Ledger, Progress, Service,
    inference::{InferenceRole, Parts, RoleConfig, ServedModel},
};
use opg_store::{
    Store, StoreError,
    jobs::{self, Job, JobState},
};
use tempfile::TempDir;

use super::{
    FakeEngine, FakeLedger, FakeProver, Keys,
    ledger::{CHAIN, HUB, REGISTRY},
};

pub(crate) const OPERATOR: Address = Address::repeat_byte(0xaa);
pub(crate) const CHAT: B256 = B256::repeat_byte(0xc1);
pub(crate) const EMBED: B256 = B256::repeat_byte(0xe1);
/// Answers of this one are proved.
pub(crate) const PROVED: B256 = B256::repeat_byte(0xd1);

/// A clock that stands still until it is moved.
#[derive(Debug, Default)]
pub(crate) struct ManualClock(AtomicU64);

impl ManualClock {
    pub(crate) fn forward(&self, time: Duration) {
        self.0.fetch_add(time.as_millis() as u64, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now_ms(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

pub(crate) struct World {
    folder: TempDir,
    pub(crate) ledger: Arc<FakeLedger>,
    pub(crate) engine: Arc<FakeEngine>,
    pub(crate) prover: Arc<FakeProver>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) key: PrivateKeySigner,
    pub(crate) config: RoleConfig,
}

fn spec(task: &str, weights: u8) -> ModelSpec {
    let mut name = [0; 32];
    name[..task.len()].copy_from_slice(task.as_bytes());
    ModelSpec {
        task: name.into(),
        weightsDigest: [weights; 32].into(),
        tokenizerDigest: B256::ZERO,
        configDigest: B256::ZERO,
        engineProfile: B256::ZERO,
        zkCommitment: B256::ZERO,
        unitsPerRequest: 100,
        unitsPerInputToken: 2,
        unitsPerOutputToken: if task == "chat/1" { 10 } else { 0 },
        royaltyBps: 0,
        modes: 1,
        licence: String::new(),
        uri: String::new(),
    }
}

/// The input of a question of three words.
pub(crate) fn ask() -> Vec<u8> {
    br#"{"messages":[{"role":"user","content":"what is opg"}]}"#.to_vec()
}

impl World {
    pub(crate) fn new() -> Self {
        let key = PrivateKeySigner::from_bytes(&B256::repeat_byte(7)).unwrap();
        let ledger = FakeLedger::new(key.address());
        ledger.state().specs.insert(CHAT, spec("chat/1", 1));
        ledger.state().specs.insert(EMBED, spec("embedding/1", 2));
        let served = [(CHAT, "chat"), (EMBED, "embed")].map(|(version, name)| ServedModel {
            version,
            engine_model: name.to_owned(),
            proving: None,
        });
        let mut config = RoleConfig::new(OPERATOR, CHAIN, HUB, REGISTRY, served.to_vec());
        config.unit_price = 1_000;
        config.poll_interval = Duration::from_millis(5);
        config.drain_time = Duration::from_millis(50);
        config.lease = Duration::from_millis(60);
        let clock = Arc::new(ManualClock(AtomicU64::new(1_000_000)));
        let (ledger, engine) = (Arc::new(ledger), Arc::new(FakeEngine::new()));
        let prover = Arc::new(FakeProver::new());
        Self { folder: tempfile::tempdir().unwrap(), ledger, engine, prover, clock, key, config }
    }

    /// One that also serves a model whose answers are proved.
    pub(crate) fn proving() -> Self {
        let mut world = Self::new();
        let keys = Keys::make(10);
        let commitment = B256::repeat_byte(0x2c);
        {
            let mut state = world.ledger.state();
            let spec = ModelSpec { zkCommitment: commitment, modes: 0b101, ..spec("tensor/1", 3) };
            state.specs.insert(PROVED, spec);
            state.zk_keys.insert(commitment, keys.registered());
        }
        let proving = Some(keys.write(world.folder.path()));
        world.config.models.push(ServedModel { version: PROVED, engine_model: "tensor".to_owned(), proving });
        *world.prover.keys.lock().unwrap() = Some(keys);
        world
    }

    /// Opens the database anew, as a process that starts does.
    pub(crate) fn store(&self) -> Store {
        Store::open(&self.folder.path().join("state.db")).unwrap()
    }

    pub(crate) fn parts(&self) -> Parts {
        Parts {
            store: self.store(),
            ledger: self.ledger.clone(),
            engine: self.engine.clone(),
            prover: self.prover.clone(),
            signer: Arc::new(self.key.clone()),
            clock: self.clock.clone(),
            journal: None,
        }
    }

    /// Starts the keeper. Dropping what comes back is a crash.
    pub(crate) async fn start(&self) -> InferenceRole {
        InferenceRole::open(self.config.clone(), self.parts()).await.unwrap()
    }

    /// A chat request that pays for anything, due in ten minutes.
    pub(crate) fn request(&self) -> B256 {
        self.ledger.request(CHAT, &ask(), u128::MAX, 600)
    }

    /// A request for a proof, due in ten minutes.
    pub(crate) fn request_proof(&self, input: &[u8]) -> B256 {
        self.ledger.request_proof(PROVED, input, u128::MAX, 600)
    }

    pub(crate) fn job(&self, request_id: B256) -> Job {
        let store = self.store();
        store.read(|tx| jobs::by_request(tx, request_id)).unwrap().unwrap()
    }

    pub(crate) fn state_of(&self, request_id: B256) -> JobState {
        self.job(request_id).state
    }

    /// Number of intents to fulfil the request, whatever became of them.
    pub(crate) fn intents(&self, request_id: B256) -> u64 {
        let pattern = format!("fulfil:{request_id}%");
        self.store()
            .read(|tx| {
                let sql = "SELECT COUNT(*) FROM journal_intents WHERE key LIKE ?";
                Ok::<i64, StoreError>(tx.query_row(sql, [pattern], |row| row.get(0))?)
            })
            .unwrap() as u64
    }

    /// What the journal does: sends each queued intent once and notes what became of it.
    pub(crate) fn journal(&self) {
        let store = self.store();
        let queued: Vec<(i64, Vec<u8>)> = store
            .read(|tx| {
                let mut statement = tx
                    .prepare("SELECT id, calldata FROM journal_intents WHERE state = 'queued' ORDER BY id")?;
                let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
                Ok::<_, StoreError>(rows.collect::<Result<_, _>>()?)
            })
            .unwrap();
        for (id, calldata) in queued {
            let call = fulfilCall::abi_decode(&calldata).unwrap();
            match self.ledger.fulfil(&call.req.into(), call.fulfilment) {
                Ok(block) => self.set_intent(
                    id,
                    &format!(
                        "state = 'mined', nonce = {id}, block = {block}, success = 1, tx_hash = zeroblob(32)"
                    ),
                ),
                Err(refusal) => self.fail_intent(id, &refusal.to_string()),
            }
        }
    }

    pub(crate) fn fail_intent(&self, id: i64, reason: &str) {
        self.set_intent(id, &format!("state = 'failed', tx_hash = NULL, reason = '{reason}', closed_at = 1"));
    }

    pub(crate) fn set_intent(&self, id: i64, change: &str) {
        self.store()
            .write(|tx| {
                let sql = format!("UPDATE journal_intents SET {change} WHERE id = ?");
                assert_eq!(tx.execute(&sql, [id])?, 1);
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }

    /// Mines enough blocks to make what happened so far final.
    pub(crate) fn bury(&self) {
        for _ in 0..self.config.confirmations {
            self.ledger.mine(vec![]);
        }
    }
}

/// Passes of a service until it waits.
pub(crate) async fn passes(service: &dyn Service) {
    while service.pass().await.unwrap() == Progress::More {}
}

/// Everything that the role can do without the chain moving, runs awaited.
pub(crate) async fn settle_down(role: &InferenceRole) {
    let services = role.services();
    passes(&services.ingest).await;
    passes(&services.decide).await;
    passes(&services.run).await;
    services.run.idle().await;
    passes(&services.prove).await;
    services.prove.idle().await;
    passes(&services.submit).await;
    passes(&services.settle).await;
}

/// The world turns until the request is closed for good or `rounds` have passed.
pub(crate) async fn turn(world: &World, role: &InferenceRole, rounds: u32) {
    for _ in 0..rounds {
        settle_down(role).await;
        world.journal();
        world.ledger.mine(vec![]);
        world.clock.forward(Duration::from_secs(2));
    }
    let _ = world.ledger.head().await;
}
