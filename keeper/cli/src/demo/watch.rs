//! Watches the chain for requests and answers, as anybody could.

use std::time::{Duration, Instant};

use alloy::primitives::{B256, Bytes};
use opg_chain::{
    bindings::{AskModel, Fulfilment},
    events::{ChainEvent, Cursor, Follower, FollowerConfig, LoggedEvent},
    rpc_trait::ChainRpc as _,
};
use opg_store::{
    Store,
    jobs::{self, Stages},
    proofs,
};

use super::{
    ask::{Asked, ask_model},
    fault,
};
use crate::{
    config::Config,
    context,
    devnet::Devnet,
    error::{CliError, CliResult, Code},
};

const PAUSE: Duration = Duration::from_millis(200);

/// An answer on the chain.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) request_id: B256,
    pub(super) fulfilment: Fulfilment,
    pub(super) transaction: B256,
    pub(super) block: u64,
    pub(super) gas: u64,
    /// Milliseconds in the model, and when each stage was reached, as the keeper noted them.
    pub(super) model_ms: u64,
    pub(super) stages: Stages,
    /// Milliseconds that the proof took, where the answer has one.
    pub(super) proving_ms: Option<u64>,
    /// What the asking contract received, where one asked.
    pub(super) delivered: Option<Bytes>,
}

/// A reader of the hub's events.
#[derive(Debug)]
pub(super) struct Watch {
    follower: Follower,
    cursor: Cursor,
    seen: Vec<LoggedEvent>,
}

impl Watch {
    pub(super) fn new(devnet: &Devnet) -> Self {
        let follower = Follower::new((*devnet.rpc).clone(), FollowerConfig::new(devnet.book.clone()));
        Self { follower, cursor: Cursor::default(), seen: Vec::new() }
    }

    async fn poll(&mut self) -> CliResult {
        while let Some(segment) =
            self.follower.poll(&self.cursor).await.map_err(|error| fault("events", error))?
        {
            self.cursor = segment.cursor;
            self.seen.extend(segment.events);
        }
        Ok(())
    }

    /// The requests that the transactions made, in their order.
    pub(super) async fn requests(&mut self, transactions: &[B256], limit: Duration) -> CliResult<Vec<Asked>> {
        let deadline = Instant::now() + limit;
        loop {
            self.poll().await?;
            let found: Vec<_> = transactions.iter().filter_map(|hash| self.request(*hash)).collect();
            if found.len() == transactions.len() {
                return Ok(found);
            }
            late(deadline, "requests", "were mined, but their events did not appear")?;
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn request(&self, transaction: B256) -> Option<Asked> {
        self.seen.iter().find_map(|logged| match &logged.event {
            ChainEvent::InferenceRequested { request_id, request, input }
                if logged.transaction == transaction =>
            {
                Some(Asked {
                    request_id: *request_id,
                    request: request.clone(),
                    input: input.clone(),
                    transaction,
                })
            }
            _ => None,
        })
    }

    /// The answers to the requests, in their order.
    pub(super) async fn answers(
        &mut self,
        devnet: &mut Devnet,
        asked: &[Asked],
        limit: Duration,
    ) -> CliResult<Vec<Answered>> {
        let deadline = Instant::now() + limit;
        loop {
            self.poll().await?;
            let found: Vec<_> = asked.iter().filter_map(|asked| self.fulfilment(asked.request_id)).collect();
            if found.len() == asked.len() {
                let mut answers = Vec::new();
                for (logged, fulfilment) in found {
                    answers.push(answered(devnet, &logged, fulfilment, deadline).await?);
                }
                return Ok(answers);
            }
            if devnet.keeper_ended().is_some() {
                return Err(fault("opg run", "ended before it answered"));
            }
            late(deadline, "answers", "did not arrive in time")?;
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn fulfilment(&self, wanted: B256) -> Option<(LoggedEvent, Fulfilment)> {
        self.seen.iter().find_map(|logged| match &logged.event {
            ChainEvent::InferenceFulfilled { request_id, fulfilment, .. } if *request_id == wanted => {
                Some((logged.clone(), fulfilment.clone()))
            }
            _ => None,
        })
    }
}

async fn answered(
    devnet: &Devnet,
    logged: &LoggedEvent,
    fulfilment: Fulfilment,
    deadline: Instant,
) -> CliResult<Answered> {
    let ChainEvent::InferenceFulfilled { request_id, .. } = logged.event else {
        return Err(CliError::internal("demo", "an answer is a fulfilment"));
    };
    let mined =
        devnet.rpc.receipt(logged.transaction).await.map_err(|error| fault("transaction receipt", error))?;
    let gas = mined.map_or(0, |mined| mined.gas_used);
    let Noted { stages, model_ms, proving_ms } = noted(devnet, request_id, deadline).await?;
    let call = AskModel::answerOfCall { requestId: request_id };
    // Reverts for requests that the contract did not make.
    let delivered = devnet.rpc.view(ask_model(devnet)?, &call).await.ok();
    Ok(Answered {
        request_id,
        fulfilment,
        transaction: logged.transaction,
        block: logged.block,
        gas,
        model_ms,
        stages,
        proving_ms,
        delivered,
    })
}

/// What the keeper noted of an answer.
struct Noted {
    stages: Stages,
    model_ms: u64,
    proving_ms: Option<u64>,
}

/// Waits until the keeper has seen its answer on the chain.
async fn noted(devnet: &Devnet, request_id: B256, deadline: Instant) -> CliResult<Noted> {
    let store = Store::open(&Config::load(&devnet.config)?.database).map_err(context::state)?;
    loop {
        let found = store
            .read(|tx| {
                let Some(job) = jobs::by_request(tx, request_id)? else { return Ok(None) };
                let proving_ms = proofs::get(tx, job.id)?.and_then(|proof| proof.proving_ms);
                let answer = jobs::stored_answer(tx, job.id)?;
                Ok::<_, opg_store::StoreError>(answer.map(|answer| Noted {
                    stages: job.stages,
                    model_ms: answer.model_ms,
                    proving_ms,
                }))
            })
            .map_err(context::state)?;
        if let Some(noted) = found
            && noted.stages.mined.is_some()
        {
            return Ok(noted);
        }
        late(deadline, "keeper", "did not take note of its answer on the chain")?;
        tokio::time::sleep(PAUSE).await;
    }
}

fn late(deadline: Instant, what: &str, reason: &str) -> CliResult {
    if Instant::now() < deadline {
        return Ok(());
    }
    Err(CliError::new(Code::DemoTimeout, what, reason, "give a slow machine more time with --timeout 600s"))
}
