//! The three questions.

use alloy::primitives::{Address, B256, Bytes, U256};
use opg_chain::bindings::{AskModel, IInferenceHub, Opg};
use opg_receipts::Request;
use serde_json::json;

use super::fault;
use crate::{
    args::DemoArgs,
    devnet::{Devnet, accounts},
    error::CliResult,
    submit::{Call, Submitter},
    text::now,
};

/// OPG wei that the user gets: 100 OPG.
const FUNDS: u128 = 100_000_000_000_000_000_000;
/// OPG wei that a question may cost: 1 OPG.
const MAX_FEE: u128 = 1_000_000_000_000_000_000;
/// Longest answer of the chat model in the demo.
const MAX_TOKENS: u32 = 48;

/// A question on the chain.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) request_id: B256,
    pub(super) request: Request,
    pub(super) input: Bytes,
    pub(super) transaction: B256,
}

/// Gives the user OPG and lets both askers take the fee.
pub(super) async fn fund(devnet: &Devnet, user: &Submitter) -> CliResult {
    let opg = devnet.book.opg;
    let deployer = devnet.wallet(accounts::signer(accounts::DEPLOYER)?)?;
    let transfer = Opg::transferCall { to: user.account(), value: U256::from(FUNDS) };
    let transfer = [Call::new("fund-user", "OPG for the user", opg, &transfer)];
    let approve = |name: &str, spender: Address, questions: u8| {
        let call = Opg::approveCall { spender, value: U256::from(MAX_FEE) * U256::from(questions) };
        Call::new(format!("approve-{name}"), format!("let the {name} take the fee"), opg, &call)
    };
    let ask_model = ask_model(devnet)?;
    let approvals = [approve("example", ask_model, 1), approve("hub", devnet.book.inference_hub, 2)];
    tokio::try_join!(deployer.send(&transfer), user.send(&approvals)).map(drop)
}

/// The example contract.
pub(super) fn ask_model(devnet: &Devnet) -> CliResult<Address> {
    devnet.book.ask_model.ok_or_else(|| fault("address book", "it has no `askModel`, the example contract"))
}

/// Asks the questions, the first through the contract, the others directly. The answer to the third is to be proved.
pub(super) async fn ask(devnet: &Devnet, user: &Submitter, args: &DemoArgs) -> CliResult<Vec<B256>> {
    let deadline = now() + args.timeout.0.as_secs().clamp(60, 3_600);
    let chat = json!({
        "messages": [{ "role": "user", "content": args.question }],
        "max_tokens": MAX_TOKENS,
    });
    let question = AskModel::askCall {
        modelVersion: devnet.population.chat.version,
        input: chat.to_string().into_bytes().into(),
        maxFee: MAX_FEE,
        deadline,
    };
    let embedding = IInferenceHub::requestCall {
        modelVersion: devnet.population.embedding.version,
        input: json!({ "input": args.text }).to_string().into_bytes().into(),
        mode: 0,
        maxFee: MAX_FEE,
        callbackGas: 0,
        deadline,
    };
    let digit = IInferenceHub::requestProofCall {
        modelVersion: devnet.population.digits.version,
        input: devnet.digit.pixels.clone().into(),
        // Nobody: the key is one for development, which only this chain takes.
        contributor: Address::ZERO,
        maxFee: MAX_FEE,
        callbackGas: 0,
        deadline,
    };
    let hub = devnet.book.inference_hub;
    user.send(&[
        Call::new("ask-chat", "the contract's question", ask_model(devnet)?, &question),
        Call::new("ask-embedding", "the account's question", hub, &embedding),
        Call::new("ask-digit", "the account's question with a proof", hub, &digit),
    ])
    .await
}
