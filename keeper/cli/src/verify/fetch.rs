//! Collects what the chain has about a request.

use alloy::{
    primitives::{Address, B256, Bytes},
    rpc::types::{Filter, Log},
    sol_types::SolEvent,
};
use opg_chain::{
    address_book::AddressBook,
    bindings::{BondedOperators, Fulfilment, IInferenceHub, IModelRegistry, IProofRegistry, ModelSpec},
    rpc::{Rpc, RpcError},
};
use opg_receipts::{InferenceReceipt, Request};

use crate::error::{CliError, CliResult, Code};

/// Everything that the checks need.
#[derive(Debug)]
pub(crate) struct Evidence {
    pub(crate) request_id: B256,
    pub(crate) request: Request,
    pub(crate) input: Bytes,
    pub(crate) fulfilment: Fulfilment,
    /// Rebuilt as the hub rebuilds it.
    pub(crate) receipt: InferenceReceipt,
    /// The transaction of the answer and its block.
    pub(crate) transaction: B256,
    pub(crate) block: u64,
    pub(crate) block_time: u64,
    /// Digest that the registry keeps for the request; zero if it keeps none.
    pub(crate) recorded: B256,
    /// Key of the operator at the time of issue; zero if it was not active.
    pub(crate) signer: Address,
    pub(crate) model_id: B256,
    pub(crate) spec: ModelSpec,
    /// `Fault` of the contract's own verification.
    pub(crate) fault: u8,
}

/// Reads the evidence about `request_id`, looking at most `range` blocks per query for its events.
pub(crate) async fn fetch(rpc: &Rpc, book: &AddressBook, request_id: B256, range: u64) -> CliResult<Evidence> {
    let status = rpc
        .view(book.inference_hub, &IInferenceHub::statusOfCall { requestId: request_id })
        .await
        .map_err(|error| chain(&error))?;
    unanswered(request_id, status)?;

    let search = Search { rpc, hub: book.inference_hub, first: book.deployment_block, request_id, range };
    let answer = search.last(IInferenceHub::InferenceFulfilled::SIGNATURE_HASH).await?;
    let question = search.last(IInferenceHub::InferenceRequested::SIGNATURE_HASH).await?;
    let requested = decode::<IInferenceHub::InferenceRequested>(&question)?;
    let fulfilled = decode::<IInferenceHub::InferenceFulfilled>(&answer)?;
    let (block, transaction) = place(&answer)?;
    let request = Request::from(requested.request);
    let fulfilment = fulfilled.fulfilment;
    let receipt = fulfilment.receipt(request_id, &request);

    let (registry, operators, models) = (book.proof_registry, book.operators, book.model_registry);
    let version = request.modelVersion;
    let verify = IProofRegistry::verifyCall { receipt: receipt.clone().into(), evidence: fulfilment.evidence.clone() };
    let signer_at = BondedOperators::signerAtCall { operator: fulfilment.operator, timestamp: fulfilment.issuedAt };
    let facts = async {
        Ok::<_, RpcError>(Evidence {
            request_id,
            block_time: rpc.block(block).await?.map_or(0, |head| head.timestamp),
            recorded: rpc.view(registry, &IProofRegistry::resultOfCall { requestId: request_id }).await?,
            signer: rpc.view(operators, &signer_at).await?,
            model_id: rpc.view(models, &IModelRegistry::modelIdOfCall { version }).await?,
            spec: rpc.view(models, &IModelRegistry::specOfCall { version }).await?,
            fault: rpc.view(registry, &verify).await?,
            request,
            input: requested.input,
            fulfilment,
            receipt,
            transaction,
            block,
        })
    };
    facts.await.map_err(|error| chain(&error))
}

/// Looks for events of one request, the newest blocks first: most questions are about recent requests.
struct Search<'a> {
    rpc: &'a Rpc,
    hub: Address,
    first: u64,
    request_id: B256,
    range: u64,
}

impl Search<'_> {
    async fn last(&self, event: B256) -> CliResult<Log> {
        let mut to = self.rpc.head().await.map_err(|error| chain(&error))?.number;
        loop {
            let from = to.saturating_sub(self.range.saturating_sub(1)).max(self.first);
            let filter = Filter::new()
                .address(self.hub)
                .event_signature(event)
                .topic1(self.request_id)
                .from_block(from)
                .to_block(to);
            if let Some(log) = self.rpc.logs(&filter).await.map_err(|error| chain(&error))?.pop() {
                return Ok(log);
            }
            if from <= self.first {
                return Err(missing_event(self.request_id));
            }
            to = from - 1;
        }
    }
}

fn unanswered(request_id: B256, status: u8) -> CliResult {
    let reason = match status {
        0 => "is unknown to this hub",
        1 => "is open: nobody has answered it yet",
        4 => "expired without an answer",
        _ => return Ok(()),
    };
    Err(CliError::new(
        Code::ResultUnknown,
        format!("request {request_id}"),
        reason,
        "check the id, the chain and the address book, or wait for an answer",
    ))
}

fn missing_event(request_id: B256) -> CliError {
    CliError::new(
        Code::ResultUnknown,
        format!("request {request_id}"),
        "the node has no event of it",
        "use a node that keeps logs since the deployment",
    )
}

fn decode<E: SolEvent>(log: &Log) -> CliResult<E> {
    E::decode_log(&log.inner)
        .map(|log| log.data)
        .map_err(|error| CliError::new(Code::Contract, E::SIGNATURE, error, "check the address book: the hub is another contract"))
}

fn place(log: &Log) -> CliResult<(u64, B256)> {
    log.block_number
        .zip(log.transaction_hash)
        .ok_or_else(|| CliError::new(Code::Rpc, "eth_getLogs", "the node gave a log without its block", "use another node"))
}

fn chain(error: &RpcError) -> CliError {
    let code = if error.revert().is_some() { Code::Contract } else { Code::Rpc };
    CliError::new(code, "chain", error, "check --rpc and --address-book, or chain.rpc and chain.address_book")
}
