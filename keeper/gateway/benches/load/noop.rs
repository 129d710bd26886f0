//! A model that does nothing, and a chain where everything is in order.

use std::{path::PathBuf, time::Duration};

use alloy::primitives::{Address, B256, Bytes, U256};
use async_trait::async_trait;
use opg_chain::{
    bindings::ModelSpec,
    channels::{ChannelState, SETTLEMENT},
    rpc_trait::Head,
};
use opg_engine::{
    Capacity, Completion, Engine, EngineError, FinishReason, Input, Limits, ModelManifest, Output, Task,
    Timings, Trace, Usage,
};
use opg_gateway::GatewayLedger;
use opg_node::LedgerError;
use tokio_util::sync::CancellationToken;

/// Pieces of a streamed answer, and how long the model takes for each.
const STREAMED: usize = 40;
const PER_PIECE: Duration = Duration::from_millis(100);

pub(crate) fn manifest() -> ModelManifest {
    ModelManifest {
        name: "noop".to_owned(),
        task: Task::Chat,
        weights: PathBuf::new(),
        tokenizer: None,
        config: None,
        weights_digest: [1; 32],
        tokenizer_digest: None,
        config_digest: None,
        limits: Limits::default(),
    }
}

#[derive(Debug)]
pub(crate) struct NoModel(pub(crate) Vec<ModelManifest>);

#[async_trait]
impl Engine for NoModel {
    fn models(&self) -> &[ModelManifest] {
        &self.0
    }

    fn capacity(&self) -> Capacity {
        Capacity { running: 0, queued: 0, queue_limit: usize::MAX, ready: true }
    }

    async fn load(&self, _: &str) -> Result<(), EngineError> {
        Ok(())
    }

    async fn input_tokens(&self, _: &str, _: Input) -> Result<u32, EngineError> {
        Ok(7)
    }

    async fn run(
        &self,
        _: &str,
        _: Input,
        pieces: Option<tokio::sync::mpsc::Sender<String>>,
        _: CancellationToken,
    ) -> Result<Completion, EngineError> {
        if let Some(pieces) = pieces {
            // Who streams waits for the model; the text does not matter here.
            for _ in 0..STREAMED {
                tokio::time::sleep(PER_PIECE).await;
                let _ = pieces.send("Paris. ".to_owned()).await;
            }
        }
        Ok(Completion {
            output: Output::Text("Paris.".to_owned()),
            usage: Usage { input_tokens: 7, output_tokens: 2 },
            trace: Trace { engine: "none".to_owned(), ..Trace::default() },
            finish_reason: FinishReason::Stop,
            timings: Timings::default(),
        })
    }
}

/// Knows one operator, which is active with this key, and nothing else.
#[derive(Debug)]
pub(crate) struct NoChain(pub(crate) Address);

#[async_trait]
impl GatewayLedger for NoChain {
    async fn head(&self) -> Result<Head, LedgerError> {
        Ok(Head { number: 1, hash: B256::ZERO, parent_hash: B256::ZERO, timestamp: 1, base_fee: 1 })
    }

    async fn signer_of(&self, _: Address, _: u64) -> Result<Address, LedgerError> {
        Ok(self.0)
    }

    async fn model_spec(&self, version: B256) -> Result<ModelSpec, LedgerError> {
        let mut task = [0; 32];
        task[..6].copy_from_slice(b"chat/1");
        Ok(ModelSpec {
            task: task.into(),
            weightsDigest: version,
            unitsPerRequest: 100,
            unitsPerInputToken: 1,
            unitsPerOutputToken: 4,
            modes: 1,
            tokenizerDigest: B256::ZERO,
            configDigest: B256::ZERO,
            engineProfile: B256::ZERO,
            zkCommitment: B256::ZERO,
            royaltyBps: 0,
            licence: String::new(),
            uri: String::new(),
        })
    }

    async fn token_domain(&self, _: Address) -> Result<(String, String), LedgerError> {
        Ok(("OpenGradient".to_owned(), "1".to_owned()))
    }

    async fn vault_code_hash(&self, _: Address) -> Result<B256, LedgerError> {
        Ok(B256::repeat_byte(3))
    }

    async fn unit_price(&self, _: Address) -> Result<u128, LedgerError> {
        Ok(1)
    }

    async fn channel(&self, _: B256) -> Result<ChannelState, LedgerError> {
        Ok(ChannelState { balance: 1 << 100, ..ChannelState::default() })
    }

    async fn accepts(&self, _: Address, _: B256, _: Bytes) -> Result<bool, LedgerError> {
        Ok(false)
    }

    async fn has_code(&self, account: Address) -> Result<bool, LedgerError> {
        Ok(account == SETTLEMENT)
    }

    async fn balance(&self, _: Address, _: Address) -> Result<U256, LedgerError> {
        Ok(U256::ZERO)
    }

    async fn authorization_used(&self, _: Address, _: Address, _: B256) -> Result<bool, LedgerError> {
        Ok(false)
    }

    async fn simulate(&self, _: Address, _: Address, _: Bytes) -> Result<Result<(), String>, LedgerError> {
        Ok(Ok(()))
    }
}
