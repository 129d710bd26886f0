//! Turns what an account wants done with stake into one simulated transaction, and sends it through the journal.

use std::sync::Arc;

use alloy::{
    primitives::{Address, B256, Bytes, U256},
    sol_types::SolCall,
};
use opg_chain::{
    bindings::{IMulticall, IStaking, Opg},
    ledger::Contracts,
    rpc::Rpc,
    rpc_trait::{CallRequest, ChainRpc as _, Head, RpcError},
    signer::{PrivateKeySigner, sign_permit},
};
use opg_store::Store;
use serde_json::{Value, json};

use super::{Actor, once, refusal};
use crate::{
    args::{ActorArgs, RegisterArgs},
    config::{Config, units::decimal},
    context,
    daemon::{Lock, settings},
    error::{CliError, CliResult, Code},
    submit::{Call, Submitter},
};

/// Bit of the inference role.
const ROLE_INFERENCE: u8 = 1;
/// Seconds for which a permit is good: as long as a transaction may wait.
const PERMIT_TIME: u64 = 6 * 3_600;

/// Something to do with stake.
#[derive(Clone, Debug)]
pub(crate) struct Action {
    /// What makes it the same as another one.
    pub(crate) stem: String,
    /// Why, for people.
    pub(crate) purpose: String,
    /// The contract: that of stake, or of rewards.
    pub(crate) to: Address,
    /// Its calls, all or none of which happen.
    pub(crate) calls: Vec<Bytes>,
    /// OPG wei that the vault takes from the account.
    pub(crate) spends: U256,
    /// Whether it may be done again at once; `None` where that changes nothing.
    pub(crate) again: Option<bool>,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) calls: Vec<Call>,
    pub(crate) hashes: Vec<B256>,
    /// Whether it was tried out against the present state.
    pub(crate) simulated: bool,
    pub(crate) dry_run: bool,
}

impl Done {
    /// For scripts.
    pub(crate) fn document(&self) -> Value {
        let calls: Vec<_> = self
            .calls
            .iter()
            .map(|call| json!({ "purpose": call.purpose, "to": call.to, "data": call.data, "value": "0" }))
            .collect();
        json!({
            "dryRun": self.dry_run, "simulated": self.simulated, "calls": calls, "transactions": self.hashes,
        })
    }

    /// For people.
    pub(crate) fn text(&self) -> String {
        if !self.dry_run {
            let hashes: Vec<_> = self.hashes.iter().map(ToString::to_string).collect();
            return format!("done: {}", hashes.join(", "));
        }
        let calls: Vec<_> = self
            .calls
            .iter()
            .map(|call| format!("would send: {}\n  to    {}\n  data  {}", call.purpose, call.to, call.data))
            .collect();
        let tried = if self.simulated {
            "simulated: it would succeed"
        } else {
            "not simulated: the approval comes first"
        };
        format!("{}\n{tried}", calls.join("\n"))
    }
}

/// Where stake is moved: the contracts, and the account that acts.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) contracts: Contracts,
    pub(crate) actor: Actor,
    pub(crate) head: Head,
    rpc: Arc<Rpc>,
    config: Config,
    dry_run: bool,
}

impl Desk {
    /// Opens what a command needs to act.
    pub(crate) async fn open(args: &ActorArgs, config: &Config) -> CliResult<Self> {
        let actor = Actor::find(args, config)?;
        let rpc = context::connect(config).await?;
        let contracts = contracts(config, &rpc).await?;
        let head = rpc.head().await.map_err(|error| context::rpc(&config.rpc.0, &error))?;
        Ok(Self { contracts, actor, head, rpc, config: config.clone(), dry_run: args.dry_run })
    }

    /// The account that acts.
    pub(crate) fn account(&self) -> Address {
        self.actor.account
    }

    /// The staking contract.
    pub(crate) fn staking(&self) -> Address {
        self.contracts.addresses().staking
    }

    /// Tries `action` out, and does it unless this is a dry run.
    pub(crate) async fn perform(&self, action: &Action) -> CliResult<Done> {
        self.check_funds(action).await?;
        let (calls, simulate) = self.calls(action).await?;
        if simulate {
            self.simulate(calls.last().map(|call| call.data.clone()).unwrap_or_default(), action).await?;
        }
        let mut done = Done { calls, hashes: Vec::new(), simulated: simulate, dry_run: self.dry_run };
        if self.dry_run {
            return Ok(done);
        }
        let (submitter, store, _lock) = self.submitter()?;
        for call in &mut done.calls {
            call.key = once::key(&store, self.account(), &call.key, action.again)?;
        }
        done.hashes = submitter.send(&done.calls).await?;
        Ok(done)
    }

    async fn check_funds(&self, action: &Action) -> CliResult {
        let balance = self.contracts.opg_balance(self.account()).await.map_err(read_fault)?;
        if balance >= action.spends {
            return Ok(());
        }
        let opg = |wei| decimal(wei, 18);
        Err(CliError::new(
            Code::Stake,
            &action.purpose,
            format!("{} has {} OPG, {} are needed", self.account(), opg(balance), opg(action.spends)),
            format!("send it {} OPG, or name a smaller amount", opg(action.spends - balance)),
        ))
    }

    /// The transactions, and whether the last of them can be tried out now.
    async fn calls(&self, action: &Action) -> CliResult<(Vec<Call>, bool)> {
        let book = self.contracts.addresses();
        let call = |stem: &str, purpose: &str, to, data| Call {
            key: stem.to_owned(),
            purpose: purpose.to_owned(),
            to,
            data,
            value: U256::ZERO,
        };
        let allowance =
            self.contracts.opg_allowance(self.account(), book.custody_vault).await.map_err(read_fault)?;
        let mut staking = action.calls.clone();
        let mut calls = Vec::new();
        let mut simulate = true;
        if allowance < action.spends {
            match &self.actor.key {
                Some(key) => {
                    staking.insert(0, permit(&self.contracts, key, action.spends, &self.head).await?);
                }
                None => {
                    let approve = Opg::approveCall { spender: book.custody_vault, value: action.spends };
                    let purpose = "let the vault take the stake";
                    let stem = format!("{}:approve", action.stem);
                    calls.push(call(&stem, purpose, book.opg, approve.abi_encode().into()));
                    simulate = false;
                }
            }
        }
        calls.push(call(&action.stem, &action.purpose, action.to, together(staking)));
        Ok((calls, simulate))
    }

    async fn simulate(&self, data: Bytes, action: &Action) -> CliResult {
        let request = CallRequest { from: self.account(), to: action.to, value: U256::ZERO, data };
        match self.rpc.call(&request).await {
            Ok(_) => Ok(()),
            Err(RpcError::Reverted { reason, data }) => {
                Err(refusal::explain(self, &action.purpose, &reason, &data).await)
            }
            Err(error) => Err(read_fault(error)),
        }
    }

    /// Sends through the running keeper where it is the keeper's key, else on its own, keeping others away meanwhile.
    fn submitter(&self) -> CliResult<(Submitter, Store, Lock)> {
        let key = self
            .actor
            .key
            .clone()
            .ok_or_else(|| CliError::internal("key", "a command that sends has opened its key"))?;
        let database = &self.config.database;
        let store = Store::open(database).map_err(context::state)?;
        let mut journal = settings::journal(&self.config);
        let locked = if self.actor.is_keeper {
            Lock::try_take(database)?
        } else {
            // What the keeper needs for its work is no concern of this account.
            journal.min_balance = U256::ZERO;
            None
        };
        let mut name = database.as_os_str().to_owned();
        name.push(format!(".{}", self.account()));
        // Two commands of one account would use each other's nonces.
        let own = Lock::try_take(name.as_ref())?.ok_or_else(|| {
            CliError::new(
                Code::Repeated,
                self.account(),
                "another command is sending for this account",
                "wait until it is done",
            )
        })?;
        let submitter = match locked {
            None if self.actor.is_keeper => Submitter::through_keeper(store.clone(), self.account()),
            lock => Submitter::own(store.clone(), Arc::clone(&self.rpc) as _, key, journal)?.holding(lock),
        };
        Ok((submitter, store, own))
    }
}

/// The contracts that the configuration names.
pub(crate) async fn contracts(config: &Config, rpc: &Arc<Rpc>) -> CliResult<Contracts> {
    let book = context::address_book(&config.address_book, config.chain.id)?;
    Contracts::open((**rpc).clone(), book).await.map_err(read_fault)
}

/// A read of the chain failed.
pub(crate) fn read_fault(error: impl std::fmt::Display) -> CliError {
    CliError::new(Code::Contract, "chain", error, "check chain.rpc and chain.address_book with `opg doctor`")
}

/// Several calls of the staking contract as one.
fn together(mut calls: Vec<Bytes>) -> Bytes {
    match (calls.len(), calls.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            calls.extend(last);
            IMulticall::multicallCall { data: calls }.abi_encode().into()
        }
    }
}

async fn permit(
    contracts: &Contracts,
    key: &PrivateKeySigner,
    amount: U256,
    head: &Head,
) -> CliResult<Bytes> {
    let vault = contracts.addresses().custody_vault;
    let (domain, nonce) = contracts.permit_terms(key.address()).await.map_err(read_fault)?;
    let deadline = U256::from(head.timestamp.saturating_add(PERMIT_TIME));
    let signature =
        sign_permit(key, vault, amount, nonce, deadline, &domain).await.map_err(context::signer)?;
    Ok(IStaking::permitVaultCall { amount, deadline, signature }.abi_encode().into())
}

/// `call`, which makes the vault take `amount` of the owner of `key`, with the permit that it needs, as one call.
pub(crate) async fn permitted(
    contracts: &Contracts,
    key: &PrivateKeySigner,
    amount: U256,
    head: &Head,
    call: &impl SolCall,
) -> CliResult<Bytes> {
    let permit = permit(contracts, key, amount, head).await?;
    Ok(together(vec![permit, call.abi_encode().into()]))
}

/// The registration that `args` ask for.
pub(crate) fn register_call(args: &RegisterArgs, signer: Address) -> IStaking::registerCall {
    IStaking::registerCall {
        signer,
        roles: ROLE_INFERENCE,
        commissionBps: args.commission.0,
        amount: U256::from(args.amount.0),
        endpoint: args.endpoint.clone(),
        metadataUri: args.metadata.clone(),
    }
}
