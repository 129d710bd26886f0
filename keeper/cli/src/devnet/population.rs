//! Who and what is on the devnet: a funded signer, a bonded operator, two models.

use std::sync::Arc;

use alloy::primitives::{Address, B256, Bytes, U256};
use opg_chain::{
    address_book::AddressBook,
    bindings::{BondedOperators, Opg},
    rpc::Rpc,
};

use super::{Wallets, accounts, files::Models};
use crate::{
    args::ModelAddArgs,
    error::{CliError, CliResult, Code},
    models::{self, Digests},
    progress::Progress,
    submit::Call,
};

/// Bit of the inference role.
const ROLE_INFERENCE: u8 = 1;
/// 10 ETH for the keeper's signer, in wei.
const SIGNER_FUNDS: u128 = 10_000_000_000_000_000_000;

/// The accounts and model versions.
#[derive(Debug)]
pub(crate) struct Population {
    pub(crate) operator: Address,
    pub(crate) signer: Address,
    pub(crate) chat: Served,
    pub(crate) embedding: Served,
}

/// A registered model with its files.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) version: B256,
    pub(crate) files: ModelAddArgs,
}

/// Puts operator and models on the chain.
pub(super) async fn populate(
    wallets: &Wallets<'_>,
    rpc: &Arc<Rpc>,
    book: &AddressBook,
    models: &Models,
    signer: Address,
) -> CliResult<Population> {
    let deployer = wallets.of(accounts::signer(accounts::DEPLOYER)?)?;
    let operator = wallets.of(accounts::signer(accounts::OPERATOR)?)?;
    let bond = rpc
        .view(book.operators, &BondedOperators::bondCall {})
        .await
        .map_err(|error| CliError::new(Code::Contract, "operators", error, "check the deployment"))?;
    let account = operator.account();
    let funds = [
        Call {
            key: "fund-signer".to_owned(),
            purpose: "ETH for the keeper's signer".to_owned(),
            to: signer,
            data: Bytes::new(),
            value: U256::from(SIGNER_FUNDS),
        },
        Call::new(
            "fund-operator",
            "OPG for the operator's bond",
            book.opg,
            &Opg::transferCall { to: account, value: bond },
        ),
    ];
    let approve = Opg::approveCall { spender: book.operators, value: bond };
    let approve = [Call::new("approve-bond", "let the registry take the bond", book.opg, &approve)];
    tokio::try_join!(deployer.send(&funds), operator.send(&approve))?;

    let register = BondedOperators::registerCall {
        signer,
        roles: ROLE_INFERENCE,
        endpoint: String::new(),
        metadataUri: String::new(),
    };
    let mut calls = vec![Call::new("register-operator", "register the operator", book.operators, &register)];
    let mut served = Vec::new();
    for files in [&models.chat, &models.embedding] {
        // The devnet shows steps of its own.
        let digests = Digests::read(files, &Progress::new(true))?;
        let publication = models::plan(files, &digests, rpc, book, account).await?;
        served.push(Served { version: publication.version, files: files.clone() });
        calls.extend(publication.calls);
    }
    operator.send(&calls).await?;
    match <[Served; 2]>::try_from(served) {
        Ok([chat, embedding]) => Ok(Population { operator: account, signer, chat, embedding }),
        Err(_) => Err(CliError::internal("devnet", "two models make two versions")),
    }
}
