//! Who and what is on the devnet: a funded signer, an operator with own stake, somebody who backs it, three models.

use std::sync::Arc;

use alloy::primitives::{Address, B256, Bytes, U256};
use opg_chain::{
    address_book::AddressBook,
    bindings::{IStaking, Opg},
    ledger::Contracts,
    rpc::Rpc,
    signer::PrivateKeySigner,
};

use super::{Wallets, accounts, digits::Digits, files::Models};
use crate::{
    amounts::{Amount, Percent},
    args::{ActorArgs, ModelAddArgs, RegisterArgs},
    error::{CliError, CliResult, Code},
    models::{self, Digests},
    progress::Progress,
    staking::{permitted, read_fault, register_call},
    submit::{Call, Submitter},
};

/// 10 ETH for the keeper's signer, in wei.
const SIGNER_FUNDS: u128 = 10_000_000_000_000_000_000;
/// The operator's own stake, in times of the least.
const OWN_STAKE: u64 = 2;
/// What the operator keeps of its delegators' rewards.
const COMMISSION: Percent = Percent(500);

/// The accounts and model versions.
#[derive(Debug)]
pub(crate) struct Population {
    pub(crate) operator: Address,
    pub(crate) delegator: Address,
    pub(crate) signer: Address,
    pub(crate) chat: Served,
    pub(crate) embedding: Served,
    /// Its answers are proved.
    pub(crate) digits: Served,
}

/// A registered model with its files.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) version: B256,
    pub(crate) files: ModelAddArgs,
}

/// Puts operator, delegator and models on the chain.
pub(super) async fn populate(
    wallets: &Wallets<'_>,
    rpc: &Arc<Rpc>,
    book: &AddressBook,
    models: &Models,
    digits: &Digits,
    signer: Address,
) -> CliResult<Population> {
    let contracts = Contracts::open((**rpc).clone(), book.clone()).await.map_err(read_fault)?;
    let minimum = U256::from(contracts.staking_parameters().await.map_err(read_fault)?.minSelfStake);
    let stakes = Stakes { wallets, contracts, minimum };
    let operator = stakes.register(signer).await?;
    let files = [&models.chat, &models.embedding, &digits.files];
    let (delegator, served) =
        tokio::try_join!(stakes.delegate(operator.account()), publish(&operator, files, rpc, book))?;
    let [chat, embedding, digits] = served;
    Ok(Population { operator: operator.account(), delegator, signer, chat, embedding, digits })
}

async fn publish<const N: usize>(
    operator: &Submitter,
    models: [&ModelAddArgs; N],
    rpc: &Arc<Rpc>,
    book: &AddressBook,
) -> CliResult<[Served; N]> {
    let mut calls = Vec::new();
    let mut served = Vec::new();
    for files in models {
        // The devnet shows steps of its own.
        let digests = Digests::read(files, &Progress::new(true))?;
        let publication = models::plan(files, &digests, rpc, book, operator.account()).await?;
        served.push(Served { version: publication.version, files: files.clone() });
        calls.extend(publication.calls);
    }
    operator.send(&calls).await?;
    served.try_into().map_err(|_| CliError::internal("devnet", "each model makes one version"))
}

/// Brings stake onto the chain.
struct Stakes<'a> {
    wallets: &'a Wallets<'a>,
    contracts: Contracts,
    minimum: U256,
}

impl Stakes<'_> {
    /// Makes the operator one, with own stake, and funds its key.
    async fn register(&self, signer: Address) -> CliResult<Submitter> {
        let key = accounts::signer(accounts::OPERATOR)?;
        let operator = self.wallets.of(key.clone())?;
        let stake = self.minimum * U256::from(OWN_STAKE);
        let funds = [
            Call {
                key: "fund-signer".to_owned(),
                purpose: "ETH for the keeper's signer".to_owned(),
                to: signer,
                data: Bytes::new(),
                value: U256::from(SIGNER_FUNDS),
            },
            self.transfer("operator", operator.account(), stake),
            self.transfer("delegator", accounts::signer(accounts::DELEGATOR)?.address(), self.minimum),
        ];
        self.wallets.of(accounts::signer(accounts::DEPLOYER)?)?.send(&funds).await?;
        let args = RegisterArgs {
            amount: Amount(stake.saturating_to()),
            signer: Some(signer),
            commission: COMMISSION,
            endpoint: String::new(),
            metadata: String::new(),
            actor: ActorArgs { keystore: None, password_file: None, from: None, dry_run: false },
        };
        let register = register_call(&args, signer);
        operator
            .send(&[self
                .staked("register-operator", "register the operator", &key, stake, &register)
                .await?])
            .await?;
        Ok(operator)
    }

    /// Lets somebody back `operator`, who delegated its votes to itself before.
    async fn delegate(&self, operator: Address) -> CliResult<Address> {
        let key = accounts::signer(accounts::DELEGATOR)?;
        let delegator = self.wallets.of(key.clone())?;
        let account = delegator.account();
        let votes = Opg::delegateCall { delegatee: account };
        let delegate = IStaking::delegateCall { operator, amount: self.minimum, leastShares: self.minimum };
        let opg = self.contracts.addresses().opg;
        let stake = self.staked("delegate", "back the operator", &key, self.minimum, &delegate).await?;
        let votes = Call::new("delegate-votes", "let the delegator vote with its OPG", opg, &votes);
        delegator.send(&[votes, stake]).await?;
        Ok(account)
    }

    fn transfer(&self, name: &str, to: Address, value: U256) -> Call {
        let opg = self.contracts.addresses().opg;
        let call = Opg::transferCall { to, value };
        Call::new(format!("fund-{name}"), format!("OPG for the {name}"), opg, &call)
    }

    /// A call that takes `amount` of the owner of `key`, with its permit.
    async fn staked(
        &self,
        name: &str,
        purpose: &str,
        key: &PrivateKeySigner,
        amount: U256,
        call: &impl alloy::sol_types::SolCall,
    ) -> CliResult<Call> {
        let head = self
            .contracts
            .rpc()
            .head()
            .await
            .map_err(|error| CliError::new(Code::Rpc, "anvil", error, "start the devnet again"))?;
        Ok(Call {
            key: name.to_owned(),
            purpose: purpose.to_owned(),
            to: self.contracts.addresses().staking,
            data: permitted(&self.contracts, key, amount, &head, call).await?,
            value: U256::ZERO,
        })
    }
}
