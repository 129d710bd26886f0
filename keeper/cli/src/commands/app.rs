//! `opg app`

use serde_json::json;

use crate::{
    args::AppArgs,
    config::Config,
    context,
    error::{CliError, CliResult, Code},
    output::Output,
    web::{Chain, Files, Server},
};

/// Serves the web app until a signal.
pub(super) async fn run(args: &AppArgs, config: &Config, output: Output) -> CliResult {
    let files = Files::open(args.app.as_deref())?;
    // Read once as the keeper reads it: a book of another chain is refused before a browser sees it.
    context::address_book(&config.address_book, config.chain.id)?;
    let text = std::fs::read_to_string(&config.address_book)
        .map_err(|error| CliError::file(&config.address_book, &error))?;
    let book = serde_json::from_str(&text).map_err(|error| {
        CliError::new(Code::File, config.address_book.display(), error, "deploy again, or restore the file")
    })?;
    let rpc = if args.rpc.is_empty() { config.rpc.0.clone() } else { args.rpc.clone() };
    let genesis = args.genesis.clone().or_else(|| config.crank.genesis.clone());
    let chain = Chain { id: config.chain.id, rpc, book, genesis };
    let server = Server::start(args.listen, files, &chain, &args.page.page()?).await?;
    output.result(&json!({ "event": "ready", "url": server.url }), || {
        format!("The app is at {} until Ctrl-C.", server.url)
    });
    std::future::pending().await
}
