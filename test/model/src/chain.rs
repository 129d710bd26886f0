//! A chain in memory: contracts, callers and a clock.

use std::{collections::BTreeMap, fs, path::Path};

use alloy_primitives::{Address, Bytes, hex};
use alloy_sol_types::SolCall;
use revm::{
    Context, DatabaseRef, ExecuteCommitEvm as _, ExecuteEvm as _, MainBuilder as _, MainContext as _,
    MainnetEvm,
    context::{CfgEnv, TxEnv, result::ExecutionResult},
    database::{CacheDB, EmptyDB},
    handler::MainnetContext,
    primitives::{TxKind, hardfork::SpecId},
};

/// Most gas that a transaction may take on the chain.
const GAS_LIMIT: u64 = 1 << 24;

/// Why the chain could not be asked. A refused call is no such error.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// An artifact is missing or is not one.
    #[error("cannot read the compiled contract {path}: {reason}; run `make contracts`")]
    Artifact {
        /// Where it was looked for.
        path: String,
        /// What was wrong.
        reason: String,
    },
    /// A call ended in another way than by returning or reverting.
    #[error("{what} stopped the machine: {reason}")]
    Halted {
        /// The call.
        what: String,
        /// How it ended.
        reason: String,
    },
    /// A call that has to succeed was refused.
    #[error("{what} was refused: {data}")]
    Refused {
        /// The call.
        what: String,
        /// What the contract said.
        data: Bytes,
    },
    /// What a call returned is not what its interface says.
    #[error("{what} returned what cannot be read: {reason}")]
    Unreadable {
        /// The call.
        what: String,
        /// Why not.
        reason: String,
    },
}

/// How a call ended.
#[derive(Debug)]
pub enum Outcome<T> {
    /// It returned.
    Done(T),
    /// It reverted, with this.
    Refused(Bytes),
}

/// State of a chain on which everything is deployed: sequences start from it and leave it as it is.
pub type Base = CacheDB<EmptyDB>;

/// A chain on top of another state.
pub struct Chain<D: DatabaseRef> {
    evm: MainnetEvm<MainnetContext<CacheDB<D>>>,
    now: u64,
    nonces: BTreeMap<Address, u64>,
}

impl<D: DatabaseRef> std::fmt::Debug for Chain<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chain").field("now", &self.now).finish_non_exhaustive()
    }
}

impl<D: DatabaseRef> Chain<D>
where
    D::Error: std::fmt::Debug,
{
    /// A chain that begins with `state` at Unix time `now`.
    pub fn new(state: D, now: u64) -> Self {
        let mut cfg = CfgEnv::new_with_spec(SpecId::OSAKA);
        cfg.disable_nonce_check = true;
        let context = Context::mainnet().with_db(CacheDB::new(state)).with_cfg(cfg);
        let mut chain = Self { evm: context.build_mainnet(), now: 0, nonces: BTreeMap::new() };
        chain.warp(now);
        chain
    }

    /// Unix time of the block that is being built.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Goes to another time.
    pub fn warp(&mut self, now: u64) {
        self.now = now;
        self.evm.ctx.block.timestamp = alloy_primitives::U256::from(now);
    }

    /// Sends a transaction, and keeps what it changed.
    pub fn call<C: SolCall>(
        &mut self,
        from: Address,
        to: Address,
        call: &C,
    ) -> Result<Outcome<C::Return>, ChainError> {
        let result = self.evm.transact(transaction(from, TxKind::Call(to), call.abi_encode().into()));
        let result = result.map_err(|error| halted(C::SIGNATURE, &error))?;
        self.evm.commit(result.state);
        read::<C>(result.result)
    }

    /// As `call`, where a refusal is an error of this program.
    pub fn send<C: SolCall>(
        &mut self,
        from: Address,
        to: Address,
        call: &C,
    ) -> Result<C::Return, ChainError> {
        match self.call(from, to, call)? {
            Outcome::Done(done) => Ok(done),
            Outcome::Refused(data) => Err(ChainError::Refused { what: C::SIGNATURE.into(), data }),
        }
    }

    /// Asks a question and forgets what it changed.
    pub fn view<C: SolCall>(&mut self, to: Address, call: &C) -> Result<C::Return, ChainError> {
        let result =
            self.evm.transact(transaction(Address::ZERO, TxKind::Call(to), call.abi_encode().into()));
        match read::<C>(result.map_err(|error| halted(C::SIGNATURE, &error))?.result)? {
            Outcome::Done(done) => Ok(done),
            Outcome::Refused(data) => Err(ChainError::Refused { what: C::SIGNATURE.into(), data }),
        }
    }

    /// Where the `ahead`-th next contract that `from` creates will be.
    pub fn next_address(&self, from: Address, ahead: u64) -> Address {
        from.create(self.nonces.get(&from).copied().unwrap_or(0) + ahead)
    }

    /// Creates a contract from its code and the encoded arguments of its constructor.
    pub fn deploy(&mut self, from: Address, code: &[u8], arguments: &[u8]) -> Result<Address, ChainError> {
        let address = self.next_address(from, 0);
        let data = [code, arguments].concat();
        let result = self.evm.transact(transaction(from, TxKind::Create, data.into()));
        let result = result.map_err(|error| halted("a deployment", &error))?;
        match result.result {
            ExecutionResult::Success { .. } => {}
            ExecutionResult::Revert { output, .. } => {
                return Err(ChainError::Refused { what: "a deployment".into(), data: output });
            }
            ExecutionResult::Halt { reason, .. } => return Err(halted("a deployment", &reason)),
        }
        self.evm.commit(result.state);
        *self.nonces.entry(from).or_default() += 1;
        Ok(address)
    }

    /// The state, without the chain.
    pub fn into_state(self) -> CacheDB<D> {
        self.evm.ctx.journaled_state.database
    }
}

/// The creation code of a contract, as the compiler wrote it.
pub fn creation_code(artifacts: &Path, name: &str) -> Result<Vec<u8>, ChainError> {
    let path = artifacts.join(format!("{name}.sol/{name}.json"));
    let wrong = |reason: String| ChainError::Artifact { path: path.display().to_string(), reason };
    let text = fs::read_to_string(&path).map_err(|error| wrong(error.to_string()))?;
    let json: serde_json::Value = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    let code = json["bytecode"]["object"].as_str().ok_or_else(|| wrong("it has no bytecode".into()))?;
    hex::decode(code).map_err(|error| wrong(error.to_string()))
}

fn transaction(from: Address, kind: TxKind, data: Bytes) -> TxEnv {
    TxEnv { caller: from, kind, data, gas_limit: GAS_LIMIT, ..TxEnv::default() }
}

fn halted(what: &str, reason: &dyn std::fmt::Debug) -> ChainError {
    ChainError::Halted { what: what.into(), reason: format!("{reason:?}") }
}

fn read<C: SolCall>(result: ExecutionResult) -> Result<Outcome<C::Return>, ChainError> {
    match result {
        ExecutionResult::Success { output, .. } => C::abi_decode_returns(output.data())
            .map(Outcome::Done)
            .map_err(|error| ChainError::Unreadable { what: C::SIGNATURE.into(), reason: error.to_string() }),
        ExecutionResult::Revert { output, .. } => Ok(Outcome::Refused(output)),
        ExecutionResult::Halt { reason, .. } => Err(halted(C::SIGNATURE, &reason)),
    }
}
