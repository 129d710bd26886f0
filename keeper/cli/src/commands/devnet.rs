//! `opg devnet`

use std::{net::SocketAddr, time::Duration};

use alloy::primitives::hex;
use serde_json::json;

use crate::{
    args::DevnetArgs,
    devnet::{Devnet, accounts},
    error::{CliError, CliResult, Code},
    output::{Output, fields},
    progress::Progress,
    web::{Chain, Files, Server},
};

/// Starts a devnet and keeps it until a signal.
pub(super) async fn run(args: &DevnetArgs, output: Output) -> CliResult {
    let progress = Progress::new(output.is_json());
    let mut devnet = Devnet::start(args, &progress).await?;
    progress.finish();
    let app = serve_app(args, &devnet).await?;
    describe(&devnet, app.as_ref().map(|server| server.url.as_str()), output)?;
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let anvil = &mut devnet.anvil.process;
        let ended = match anvil.ended() {
            Some(status) => Some(("anvil", format!("ended with {status}: {}", anvil.last_words()))),
            None => devnet.keeper_ended().map(|reason| ("opg run", reason)),
        };
        if let Some((name, reason)) = ended {
            return Err(CliError::new(Code::Devnet, name, reason, "start the devnet again"));
        }
    }
}

/// The web app for this chain, on a free port, if it is in this binary or was built in the repository.
async fn serve_app(args: &DevnetArgs, devnet: &Devnet) -> CliResult<Option<Server>> {
    let built = args.root.join("app/dist");
    let folder = built.join("index.html").exists().then_some(built.as_path());
    let Ok(files) = Files::open(folder) else { return Ok(None) };
    let text = std::fs::read_to_string(&devnet.book_path)
        .map_err(|error| CliError::file(&devnet.book_path, &error))?;
    let chain = Chain {
        id: devnet.book.chain_id,
        rpc: vec![devnet.anvil.url.clone()],
        book: serde_json::from_str(&text).map_err(|error| CliError::internal("address book", error))?,
        genesis: Some(devnet.genesis.clone()),
    };
    Server::start(SocketAddr::from(([127, 0, 0, 1], 0)), files, &chain, &args.page.page()?).await.map(Some)
}

fn describe(devnet: &Devnet, app: Option<&str>, output: Output) -> CliResult {
    let user = accounts::signer(accounts::USER)?;
    let (book, people) = (&devnet.book, &devnet.population);
    let config = devnet.config.display().to_string();
    let value = json!({
        "event": "ready",
        "rpc": devnet.anvil.url,
        "app": app,
        "config": config,
        "addressBook": devnet.book_path,
        "genesis": devnet.genesis,
        "contracts": book,
        "operator": people.operator,
        "delegator": people.delegator,
        "signer": people.signer,
        "models": { "chat": people.chat.version, "embedding": people.embedding.version, "digits": people.digits.version },
        "user": { "address": user.address(), "key": hex::encode_prefixed(accounts::USER) },
        "keeperPid": devnet.keeper.as_ref().map(|keeper| keeper.id()),
        "folder": devnet.folder(),
    });
    output.result(&value, || {
        let optional = |address: Option<alloy::primitives::Address>| address.map_or_else(|| "-".to_owned(), |a| a.to_string());
        let facts = fields(&[
            ("RPC", devnet.anvil.url.clone()),
            ("web app", app.map_or_else(|| "not built: run `make app` and start again".to_owned(), str::to_owned)),
            ("OPG", book.opg.to_string()),
            ("inference hub", book.inference_hub.to_string()),
            ("example AskModel", optional(book.ask_model)),
            ("chat model", people.chat.version.to_string()),
            ("embedding model", people.embedding.version.to_string()),
            ("classifier with proofs", people.digits.version.to_string()),
            ("operator", format!("{} (operator.json)", people.operator)),
            ("a delegator", format!("{} (delegator.json)", people.delegator)),
            ("a user", format!("{} (key {})", user.address(), hex::encode_prefixed(accounts::USER))),
            ("configuration", config.clone()),
            ("address book", devnet.book_path.display().to_string()),
            ("genesis", devnet.genesis.display().to_string()),
            ("keeper's log", devnet.folder().join("keeper.log").display().to_string()),
        ]);
        let ask = book.ask_model.map_or_else(String::new, |ask| ask_example(devnet, ask));
        let start = match devnet.keeper {
            Some(_) => String::new(),
            None => format!("\nStart the keeper:\n  opg --config {config} run\n"),
        };
        format!("Everything is running. Ctrl-C ends it and removes its files.\n{facts}\n{start}\n{ask}\nWatch:\n  opg --config {config} jobs list\n\n{}", stake_example(devnet))
    });
    Ok(())
}

/// How to act for the delegator.
fn stake_example(devnet: &Devnet) -> String {
    let (folder, config) = (devnet.folder().display(), devnet.config.display());
    format!(
        "Move stake, as the delegator (the operator's key is operator.json):\n  \
         opg --config {config} unbond 10 --operator {} --keystore {folder}/delegator.json --password-file {folder}/password",
        devnet.population.operator
    )
}

/// How to ask with cast.
fn ask_example(devnet: &Devnet, ask: alloy::primitives::Address) -> String {
    let (url, opg) = (&devnet.anvil.url, devnet.book.opg);
    let deployer = hex::encode_prefixed(accounts::DEPLOYER);
    let input = hex::encode_prefixed(
        br#"{"messages":[{"role":"user","content":"What is the capital of France?"}],"max_tokens":32}"#,
    );
    format!(
        "Ask (the deployer holds OPG):\n  \
         cast send {opg} 'approve(address,uint256)' {ask} 10000000000000000000 --rpc-url {url} --private-key {deployer}\n  \
         cast send {ask} 'ask(bytes32,bytes,uint128,uint64)' {version} \\\n    {input} \\\n    1000000000000000000 $(($(date +%s)+600)) --rpc-url {url} --private-key {deployer}\n",
        version = devnet.population.chat.version,
    )
}
