//! `opg proxy`

use std::sync::Arc;

use opg_chain::ledger::{Contracts, LedgerError};
use opg_proxy::{Book, BookError, ContractsChain, Day, Entry, OpenError, Proxy};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{
    args::{ProxyArgs, ProxyCommand},
    config::{Config, units::Opg},
    context, daemon,
    error::{CliError, CliResult, Code},
    output::{Output, table},
    runtime::until_interrupted,
    text::moment,
};

/// Serves, or shows what was spent.
pub(super) async fn run(args: &ProxyArgs, config: &Config, output: Output) -> CliResult {
    match args.command {
        None => serve(config, output).await,
        Some(ProxyCommand::Spend { days, payments }) => spend(config, days, payments, output),
        Some(ProxyCommand::Receipt { request_id }) => {
            let found = book(config)?.receipt(request_id).map_err(|error| state(config, &error))?;
            let text = found.ok_or_else(|| {
                CliError::new(
                    Code::ResultUnknown,
                    format!("request {request_id}"),
                    "the book has no receipt of it",
                    "`opg proxy spend` lists the requests that were answered",
                )
            })?;
            output.line(&text);
            Ok(())
        }
    }
}

/// Serves until a signal; what runs may finish for a moment then.
async fn serve(config: &Config, output: Output) -> CliResult {
    daemon::start_log(&config.log);
    let signer = context::open_signer(config)?;
    let book = Book::open(&config.proxy.book).map_err(|error| state(config, &error))?;
    let opening = async {
        let rpc = context::connect(config).await?;
        let addresses = context::address_book(&config.address_book, config.chain.id)?;
        let contracts = Contracts::open((*rpc).clone(), addresses).await.map_err(|error| chain(&error))?;
        let chain = Arc::new(ContractsChain::new(contracts));
        Proxy::open(config.proxy.settings(), chain, Arc::new(signer), book)
            .await
            .map_err(|error| unopened(config, &error))
    };
    let proxy = until_interrupted(opening).await?;
    let (url, payer) = (format!("http://{}/v1", proxy.address()), proxy.payer());
    output.result(&json!({ "event": "ready", "url": url, "payer": payer }), || {
        format!("OpenAI's clients find the proxy at {url} until Ctrl-C. {payer} pays.")
    });
    let stop = CancellationToken::new();
    let serving = proxy.run(stop.clone());
    tokio::pin!(serving);
    let ended = until_interrupted(async {
        serving.as_mut().await;
        Ok(())
    })
    .await;
    stop.cancel();
    if ended.is_err() {
        serving.await;
    }
    ended
}

fn spend(config: &Config, days: u32, payments: u32, output: Output) -> CliResult {
    let fail = |error: BookError| state(config, &error);
    let book = book(config)?;
    let (days, payments) = (book.days(days).map_err(fail)?, book.payments(payments).map_err(fail)?);
    let pins = book.pins().map_err(fail)?;
    let names: serde_json::Map<_, _> =
        pins.into_iter().map(|(name, version)| (name, json!(version))).collect();
    let value = json!({
        "maxPerRequest": config.proxy.max_per_request.0.to_string(),
        "maxPerDay": config.proxy.max_per_day.0.to_string(),
        "days": days,
        "payments": payments,
        "models": names,
    });
    output.result(&value, || text(config, &days, &payments));
    Ok(())
}

fn text(config: &Config, days: &[Day], payments: &[Entry]) -> String {
    let day = |day: &Day| {
        vec![
            moment(day.begin).chars().take(10).collect(),
            Opg(day.spent).to_string(),
            day.answered.to_string(),
            day.refused.to_string(),
            day.charged.to_string(),
            day.open.to_string(),
        ]
    };
    let payment = |entry: &Entry| {
        vec![
            moment(entry.created),
            Opg(entry.amount).to_string(),
            entry.state.clone(),
            entry.operator.to_string(),
            entry.request_id.map_or_else(|| entry.reason.clone().unwrap_or_default(), |id| id.to_string()),
        ]
    };
    format!(
        "{}\n\n{}\n\nAt most {} a day and {} for a request.",
        table(
            &["DAY (UTC)", "SPENT", "ANSWERED", "REFUSED", "UNANSWERED", "OPEN"],
            &days.iter().map(day).collect::<Vec<_>>()
        ),
        table(
            &["TIME", "AMOUNT", "STATE", "OPERATOR", "REQUEST OR REASON"],
            &payments.iter().map(payment).collect::<Vec<_>>()
        ),
        Opg(config.proxy.max_per_day.0),
        Opg(config.proxy.max_per_request.0),
    )
}

/// The book, which must exist: looking something up does not create one.
fn book(config: &Config) -> CliResult<Book> {
    if !config.proxy.book.exists() {
        return Err(CliError::new(
            Code::State,
            config.proxy.book.display(),
            "there is no book yet",
            "start the proxy once with `opg proxy`, or set proxy.book to the file that you mean",
        ));
    }
    Book::open(&config.proxy.book).map_err(|error| state(config, &error))
}

fn state(config: &Config, error: &BookError) -> CliError {
    CliError::new(
        Code::State,
        config.proxy.book.display(),
        error,
        "check folder and space, or name another file in proxy.book",
    )
}

fn chain(error: &LedgerError) -> CliError {
    CliError::new(Code::Contract, "contracts", error, "check the address book, and add a second RPC endpoint")
}

fn unopened(config: &Config, error: &OpenError) -> CliError {
    match error {
        OpenError::Book(error) => state(config, error),
        OpenError::Chain(_) => {
            CliError::new(Code::Rpc, "chain.rpc", error, "check the node, or add a second one")
        }
        _ => CliError::new(
            Code::Argument,
            "proxy.listen",
            error,
            "set proxy.listen to a free address of this machine",
        ),
    }
}
