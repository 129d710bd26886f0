//! A chain in memory, with a hub that judges answers as the contract does.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard},
};

use alloy::primitives::{Address, B256, Bytes, U256, keccak256};
use async_trait::async_trait;
use opg_chain::ledger::{PROOF_LENGTH, statement_of};
use opg_chain::{
    bindings::{Fulfilment, ModelSpec},
    events::{ChainEvent, Cursor, LoggedEvent, Segment},
    rpc_trait::Head,
};
use opg_node::{Ledger, LedgerError, ledger::Refusal};
use opg_receipts::{
    MODE_OPERATOR_SIGNED, MODE_ZERO_KNOWLEDGE, Request, SIGNATURE_LENGTH, SignedReceipt, content_hash,
    hub_request_id, receipt_domain,
};
use opg_zkml::evm;

pub(crate) const CHAIN: u64 = 31337;
pub(crate) const HUB: Address = Address::repeat_byte(0xcc);
pub(crate) const REGISTRY: Address = Address::repeat_byte(0xdd);
pub(crate) const START: u64 = 1_700_000_000;

#[derive(Debug, Clone)]
struct Block {
    hash: B256,
    time: u64,
    events: Vec<(ChainEvent, B256)>,
}

#[derive(Debug)]
pub(crate) struct State {
    blocks: Vec<Block>,
    fork: u64,
    pub(crate) specs: HashMap<B256, ModelSpec>,
    /// Registered keys for proofs by their commitment.
    pub(crate) zk_keys: HashMap<B256, Vec<u8>>,
    /// The registered key; none while the operator is not active.
    pub(crate) signer: Option<Address>,
    /// When the operator's turn begins, if turns matter.
    pub(crate) turn: Option<u64>,
    /// What the fee market says, in OPG wei per compute unit.
    pub(crate) market_price: u128,
    /// Wei that a delivery costs.
    pub(crate) gas_cost: U256,
    /// Fails every question while set.
    pub(crate) down: bool,
    nonce: u64,
}

#[derive(Debug)]
pub(crate) struct FakeLedger(Mutex<State>);

impl FakeLedger {
    pub(crate) fn new(signer: Address) -> Self {
        let state = State {
            blocks: vec![],
            fork: 0,
            specs: HashMap::new(),
            zk_keys: HashMap::new(),
            signer: Some(signer),
            turn: None,
            market_price: 0,
            gas_cost: U256::ZERO,
            down: false,
            nonce: 0,
        };
        let ledger = Self(Mutex::new(state));
        ledger.mine(vec![]);
        ledger
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Adds a block two seconds after the last.
    pub(crate) fn mine(&self, events: Vec<(ChainEvent, B256)>) -> u64 {
        self.mine_at(2, events)
    }

    /// Adds a block `seconds` after the last.
    pub(crate) fn mine_at(&self, seconds: u64, events: Vec<(ChainEvent, B256)>) -> u64 {
        let mut state = self.state();
        let number = state.blocks.len() as u64;
        let time = state.blocks.last().map_or(START, |block| block.time + seconds);
        let hash = keccak256([number.to_be_bytes(), state.fork.to_be_bytes()].concat());
        state.blocks.push(Block { hash, time, events });
        number
    }

    /// Drops all blocks above `number`; what is mined from here on is another chain.
    pub(crate) fn reorg(&self, number: u64) {
        let mut state = self.state();
        state.blocks.truncate(number as usize + 1);
        state.fork += 1;
    }

    pub(crate) fn head_now(&self) -> Head {
        head(&self.state(), None)
    }

    /// Mines a request. Returns its identifier.
    pub(crate) fn request(&self, model: B256, input: &[u8], max_fee: u128, seconds: u64) -> B256 {
        self.request_in(MODE_OPERATOR_SIGNED, model, input, max_fee, seconds)
    }

    /// The same with a proof of execution.
    pub(crate) fn request_proof(&self, model: B256, input: &[u8], max_fee: u128, seconds: u64) -> B256 {
        self.request_in(MODE_ZERO_KNOWLEDGE, model, input, max_fee, seconds)
    }

    fn request_in(&self, mode: u8, model: B256, input: &[u8], max_fee: u128, seconds: u64) -> B256 {
        let number = self.state().blocks.len() as u64;
        let (request_id, event) = {
            let mut state = self.state();
            let requested_at = state.blocks.last().map_or(START, |block| block.time) + 2;
            state.nonce += 1;
            let request = Request {
                payer: Address::repeat_byte(0x99),
                nonce: state.nonce,
                modelVersion: model,
                inputHash: content_hash(input),
                mode,
                callbackGas: 0,
                blockNumber: number,
                requestedAt: requested_at,
                deadline: requested_at + seconds,
                maxFee: max_fee,
            };
            requested(request, Bytes::copy_from_slice(input))
        };
        self.mine(vec![(event, B256::with_last_byte(1))]);
        request_id
    }

    /// Mines a request exactly as given, which must fit the next block.
    pub(crate) fn mine_again(&self, event: ChainEvent) {
        self.mine(vec![(event, B256::with_last_byte(1))]);
    }

    /// Sends a fulfilment: mined if the hub accepts it, otherwise refused as a simulation would be.
    pub(crate) fn fulfil(&self, request: &Request, fulfilment: Fulfilment) -> Result<u64, Refusal> {
        if let Some(refusal) = judge(&self.state(), request, &fulfilment) {
            return Err(refusal);
        }
        let request_id = hub_request_id(CHAIN, HUB, request);
        let operator = fulfilment.operator;
        let event = ChainEvent::InferenceFulfilled { request_id, operator, fulfilment };
        Ok(self.mine(vec![(event, B256::with_last_byte(2))]))
    }

    /// Mines the answer of another operator.
    pub(crate) fn fulfilled_by_another(&self, request_id: B256) -> u64 {
        let fulfilment = Fulfilment {
            operator: Address::repeat_byte(0x77),
            traceHash: B256::ZERO,
            inputUnits: 0,
            outputUnits: 0,
            unitPrice: 0,
            fee: 0,
            issuedAt: 0,
            output: Bytes::new(),
            evidence: Bytes::new(),
        };
        let event = ChainEvent::InferenceFulfilled { request_id, operator: fulfilment.operator, fulfilment };
        self.mine(vec![(event, B256::with_last_byte(3))])
    }

    /// How often the request was fulfilled on the present chain.
    pub(crate) fn fulfilments(&self, request_id: B256) -> usize {
        events(&self.state())
            .filter(|event| matches!(event, ChainEvent::InferenceFulfilled { request_id: id, .. } if *id == request_id))
            .count()
    }

    /// The answer to the request on the present chain.
    pub(crate) fn delivered(&self, request_id: B256) -> Fulfilment {
        let state = self.state();
        let found = events(&state).find_map(|event| match event {
            ChainEvent::InferenceFulfilled { request_id: id, fulfilment, .. } if *id == request_id => {
                Some(fulfilment.clone())
            }
            _ => None,
        });
        found.unwrap()
    }

    pub(crate) fn event_of(&self, request_id: B256) -> ChainEvent {
        let state = self.state();
        let found = events(&state).find(
            |event| matches!(event, ChainEvent::InferenceRequested { request_id: id, .. } if *id == request_id),
        );
        found.unwrap().clone()
    }
}

fn requested(request: Request, input: Bytes) -> (B256, ChainEvent) {
    let request_id = hub_request_id(CHAIN, HUB, &request);
    (request_id, ChainEvent::InferenceRequested { request_id, request, input })
}

fn events(state: &State) -> impl Iterator<Item = &ChainEvent> {
    state.blocks.iter().flat_map(|block| &block.events).map(|(event, _)| event)
}

fn head(state: &State, number: Option<usize>) -> Head {
    let number = number.unwrap_or(state.blocks.len() - 1);
    let parent = number.checked_sub(1).map_or(B256::ZERO, |parent| state.blocks[parent].hash);
    Head {
        number: number as u64,
        hash: state.blocks[number].hash,
        parent_hash: parent,
        timestamp: state.blocks[number].time,
        base_fee: 0,
    }
}

/// The contract's checks, in its order.
fn judge(state: &State, request: &Request, fulfilment: &Fulfilment) -> Option<Refusal> {
    let request_id = hub_request_id(CHAIN, HUB, request);
    let now = head(state, None).timestamp;
    let known = events(state).any(
        |event| matches!(event, ChainEvent::InferenceRequested { request_id: id, .. } if *id == request_id),
    );
    let answered = events(state).any(
        |event| matches!(event, ChainEvent::InferenceFulfilled { request_id: id, .. } if *id == request_id),
    );
    if !known || answered {
        return Some(Refusal::NotOpen);
    }
    if now > request.deadline {
        return Some(Refusal::PastDeadline);
    }
    let issued_at = fulfilment.issuedAt;
    if issued_at < request.requestedAt || issued_at > now || now - issued_at > 3_600 {
        return Some(Refusal::ReceiptTimeOutOfRange);
    }
    if fulfilment.fee > request.maxFee {
        return Some(Refusal::FeeAboveMaximum);
    }
    let units = u128::from(fulfilment.inputUnits) + u128::from(fulfilment.outputUnits);
    if fulfilment.fee > units * fulfilment.unitPrice {
        return Some(Refusal::FeeAboveUsage);
    }
    if state.turn.is_some_and(|turn| now < turn) {
        return Some(Refusal::NotYourTurn);
    }
    let Some(signer) = state.signer else { return Some(Refusal::OperatorInactive) };
    let receipt = fulfilment.receipt(request_id, request);
    let (signature, rest) = match request.mode {
        MODE_ZERO_KNOWLEDGE => fulfilment.evidence.split_at(SIGNATURE_LENGTH.min(fulfilment.evidence.len())),
        _ => (fulfilment.evidence.as_ref(), &[][..]),
    };
    let signed = SignedReceipt::from_bytes(receipt, signature);
    let domain = receipt_domain(CHAIN, REGISTRY);
    match signed.and_then(|signed| signed.verify(&domain, signer)) {
        Ok(()) if request.mode == MODE_ZERO_KNOWLEDGE => {
            (!is_proved(state, request, request_id, fulfilment, rest)).then_some(Refusal::WrongProof)
        }
        Ok(()) => None,
        Err(_) => Some(Refusal::WrongSignature),
    }
}

/// The contract's check of a proof, with its own verifier.
fn is_proved(state: &State, request: &Request, id: B256, fulfilment: &Fulfilment, rest: &[u8]) -> bool {
    let commitment = state.specs[&request.modelVersion].zkCommitment;
    let key = evm::decode_key(&state.zk_keys[&commitment]).unwrap();
    let (proof, values) = rest.split_at(PROOF_LENGTH.min(rest.len()));
    let (input, output) = values.split_at(key.lengths[0] as usize);
    let statement = statement_of(CHAIN, REGISTRY, &fulfilment.receipt(id, request)).digest(input, output);
    content_hash(input) == request.inputHash
        && output == fulfilment.output.as_ref()
        && evm::decode_proof(proof).is_ok_and(|proof| key.verify(statement, input, output, &proof))
}

#[async_trait]
impl Ledger for FakeLedger {
    async fn poll(&self, cursor: &Cursor) -> Result<Option<Segment>, LedgerError> {
        let state = self.reachable()?;
        let on_chain = |(number, hash): &&(u64, B256)| {
            state.blocks.get(*number as usize).is_some_and(|block| block.hash == *hash)
        };
        let ancestor = cursor.blocks().iter().rev().find(on_chain).map(|(number, _)| *number);
        let rollback_to = match (cursor.tip(), ancestor) {
            (Some((tip, _)), Some(ancestor)) if ancestor < tip => Some(ancestor),
            _ => None,
        };
        let from = ancestor.map_or(0, |ancestor| ancestor as usize + 1);
        if from >= state.blocks.len() && rollback_to.is_none() {
            return Ok(None);
        }
        let mut events = Vec::new();
        for (number, block) in state.blocks.iter().enumerate().skip(from) {
            for (log_index, (event, transaction)) in block.events.iter().enumerate() {
                events.push(LoggedEvent {
                    event: event.clone(),
                    block: number as u64,
                    block_hash: block.hash,
                    transaction: *transaction,
                    log_index: log_index as u64,
                });
            }
        }
        let blocks = state.blocks.iter().enumerate().map(|(number, block)| (number as u64, block.hash));
        let cursor = Cursor::from_blocks(blocks.collect());
        Ok(Some(Segment { rollback_to, events, cursor, head: head(&state, None) }))
    }

    async fn head(&self) -> Result<Head, LedgerError> {
        Ok(head(&*self.reachable()?, None))
    }

    async fn model_spec(&self, version: B256) -> Result<ModelSpec, LedgerError> {
        let spec = self.reachable()?.specs.get(&version).cloned();
        spec.ok_or_else(|| LedgerError::new(format!("model version {version} is not published"), false))
    }

    async fn zk_key(&self, spec: &ModelSpec) -> Result<Option<Bytes>, LedgerError> {
        Ok(self.reachable()?.zk_keys.get(&spec.zkCommitment).cloned().map(Bytes::from))
    }

    async fn signer_of(&self, _operator: Address, _at: u64) -> Result<Address, LedgerError> {
        Ok(self.reachable()?.signer.unwrap_or_default())
    }

    async fn turn_of(&self, request: &Request, _operator: Address) -> Result<Option<u64>, LedgerError> {
        Ok(Some(self.reachable()?.turn.unwrap_or(request.requestedAt)))
    }

    async fn check(
        &self,
        request: &Request,
        fulfilment: &Fulfilment,
    ) -> Result<Option<Refusal>, LedgerError> {
        Ok(judge(&*self.reachable()?, request, fulfilment))
    }

    async fn unit_price(&self, _fee_market: Address) -> Result<u128, LedgerError> {
        Ok(self.reachable()?.market_price)
    }

    async fn cost(&self, _gas: u64, _calldata_length: usize) -> Result<U256, LedgerError> {
        Ok(self.reachable()?.gas_cost)
    }
}

impl FakeLedger {
    fn reachable(&self) -> Result<MutexGuard<'_, State>, LedgerError> {
        let state = self.state();
        if state.down { Err(LedgerError::new("the chain cannot be reached", true)) } else { Ok(state) }
    }
}
