//! `opg status`

use alloy::primitives::{Address, U256};
use opg_chain::{
    bindings::{BondedOperators, IInferenceHub},
    journal,
    rpc::RpcError,
};
use opg_store::jobs;
use serde_json::json;

use crate::{
    config::{
        Config,
        units::{Eth, decimal},
    },
    context,
    daemon::Lock,
    error::{CliError, CliResult, Code},
    output::{Output, fields},
    text::age,
};

/// What the chain says about this keeper.
struct Chain {
    head: u64,
    time: u64,
    balance: U256,
    credit: U256,
    registered: Address,
}

/// Shows jobs, transactions, money and chain. Never asks for a password.
pub(super) async fn run(config: &Config, output: Output) -> CliResult {
    let signer = context::signer_address(config)?;
    let running = config.database.exists() && Lock::try_take(&config.database)?.is_none();
    let (jobs, transactions, alert) = if config.database.exists() {
        let store = context::store(config)?;
        store
            .read(|tx| {
                let jobs = jobs::count_by_state(tx)?;
                let transactions = signer.map_or(Ok(Vec::new()), |signer| journal::counts(tx, signer))?;
                let alert = signer.map_or(Ok(None), |signer| journal::alert(tx, signer))?;
                Ok::<_, opg_store::StoreError>((jobs, transactions, alert))
            })
            .map_err(context::state)?
    } else {
        Default::default()
    };
    let operator = config.operator.or(signer);
    let chain = chain(config, signer, operator).await?;

    let value = json!({
        "running": running,
        "signer": signer,
        "operator": operator,
        "signerBalanceWei": chain.balance.to_string(),
        "operatorCreditWei": chain.credit.to_string(),
        "operatorActive": signer.is_some_and(|signer| signer == chain.registered),
        "head": { "number": chain.head, "timestamp": chain.time },
        "jobs": jobs.iter().map(|(state, count)| (state.name().to_owned(), json!(count))).collect::<serde_json::Map<_, _>>(),
        "transactions": transactions.iter().map(|(state, count)| (state.clone(), json!(count))).collect::<serde_json::Map<_, _>>(),
        "alert": alert.as_ref().map(|(text, since)| json!({ "text": text, "since": since })),
    });
    output.result(&value, || {
        let counted =
            |counts: Vec<String>| if counts.is_empty() { "none".to_owned() } else { counts.join(", ") };
        let mut rows = vec![
            ("keeper", if running { "running" } else { "not running" }.to_owned()),
            ("jobs", counted(jobs.iter().map(|(state, count)| format!("{count} {state}")).collect())),
            (
                "transactions",
                counted(transactions.iter().map(|(state, count)| format!("{count} {state}")).collect()),
            ),
            ("signer", format!("{} with {}", shown(signer), Eth(chain.balance))),
            ("operator", format!("{} with {} OPG of credit", shown(operator), decimal(chain.credit, 18))),
            (
                "registered signer",
                if chain.registered.is_zero() {
                    "none: the operator is not active".to_owned()
                } else {
                    chain.registered.to_string()
                },
            ),
            ("chain", format!("{} at block {}, {} old", config.chain.id, chain.head, age(chain.time))),
        ];
        if let Some((text, since)) = &alert {
            rows.push(("ALERT", format!("for {}: {text}", age(*since))));
        }
        fields(&rows)
    });
    Ok(())
}

fn shown(address: Option<Address>) -> String {
    address.map_or_else(|| "unknown (no password at hand)".to_owned(), |address| address.to_string())
}

async fn chain(config: &Config, signer: Option<Address>, operator: Option<Address>) -> CliResult<Chain> {
    let rpc = context::connect(config).await?;
    let book = context::address_book(&config.address_book, config.chain.id)?;
    let read = async {
        let head = rpc.head().await?;
        let balance = match signer {
            Some(signer) => rpc.balance(signer).await?,
            None => U256::ZERO,
        };
        let (credit, registered) = match operator {
            Some(account) => (
                rpc.view(book.inference_hub, &IInferenceHub::creditOfCall { account }).await?,
                rpc.view(
                    book.operators,
                    &BondedOperators::signerAtCall { operator: account, timestamp: head.timestamp },
                )
                .await?,
            ),
            None => (U256::ZERO, Address::ZERO),
        };
        Ok::<_, RpcError>(Chain { head: head.number, time: head.timestamp, balance, credit, registered })
    };
    read.await.map_err(|error| {
        CliError::new(
            Code::Contract,
            "chain",
            error,
            "check chain.rpc and chain.address_book with `opg doctor`",
        )
    })
}
