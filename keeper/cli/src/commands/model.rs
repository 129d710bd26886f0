//! `opg model …`

use std::sync::Arc;

use opg_chain::{bindings::IModelRegistry, fees::FeeFloor, rpc::Rpc};
use opg_node::{ChainLedger, Ledger};
use opg_store::Store;
use serde_json::{Value, json};

use crate::{
    args::{ModelAddArgs, ModelCommand},
    config::{
        Config, Model, nearest,
        template::{EntryFiles, EntryUpstream, model_entry, upstream_entry},
    },
    context,
    daemon::{Lock, registered, settings},
    error::{CliError, CliResult, Code},
    files,
    models::{self, Digests},
    output::{Output, fields, table},
    progress::Progress,
    submit::Submitter,
};

/// Adds, lists or verifies models.
pub(super) async fn run(command: &ModelCommand, config: &Config, output: Output) -> CliResult {
    match command {
        ModelCommand::Add(args) => add(args, config, output).await,
        // Handled before, as it needs no configuration.
        ModelCommand::Import(_) => Ok(()),
        ModelCommand::List => list(config, output).await,
        ModelCommand::Verify { name } => verify(name.as_deref(), config, output).await,
    }
}

async fn add(args: &ModelAddArgs, config: &Config, output: Output) -> CliResult {
    if config.models.iter().any(|model| model.name == args.name) {
        return Err(CliError::new(
            Code::Argument,
            format!("name {}", args.name),
            format!("{} has a model of this name", config.path.display()),
            "choose another name, or remove the entry",
        ));
    }
    // Files are read before anything is asked or sent.
    let progress = Progress::new(output.is_json());
    let digests = Digests::read(args, &progress)?;
    let signer = context::open_signer(config)?;
    progress.step("asking the registry");
    let rpc = context::connect(config).await?;
    let book = context::address_book(&config.address_book, config.chain.id)?;
    let publication = models::plan(args, &digests, &rpc, &book, signer.address()).await?;
    let version = args.registered.unwrap_or(publication.version);
    if args.registered.is_some_and(|registered| registered != publication.version) {
        check_registered(args, config, &rpc, version, &publication.spec).await?;
    }
    let calls = if args.registered.is_some() { &[][..] } else { &publication.calls[..] };
    let purposes: Vec<_> = calls.iter().map(|call| call.purpose.clone()).collect();
    let mut hashes = Vec::new();
    if !args.dry_run.dry_run {
        if !calls.is_empty() {
            progress.step("registering");
            let submitter = submitter(config, Arc::clone(&rpc), signer)?;
            hashes = models::publish(&publication, &submitter.0).await?;
        }
        append(args, config, version)?;
    }
    progress.finish();
    let value = json!({
        "name": args.name, "version": version, "modelId": publication.model_id, "dryRun": args.dry_run.dry_run,
        "transactions": hashes, "purposes": purposes,
    });
    output.result(&value, || {
        let sent = match (args.dry_run.dry_run, purposes.is_empty()) {
            (_, true) => "nothing to send".to_owned(),
            (true, false) => format!("would send: {}", purposes.join(", ")),
            (false, false) => format!("sent: {}", purposes.join(", ")),
        };
        let next = if args.dry_run.dry_run { "would be added to" } else { "is in" };
        format!(
            "{}\nThe model {next} {}; a running keeper serves it after SIGHUP.",
            fields(&[("model", args.name.clone()), ("version", version.to_string()), ("transactions", sent)]),
            config.path.display()
        )
    });
    Ok(())
}

/// A version that somebody else registered must be of the same files, computed in the same way.
async fn check_registered(
    args: &ModelAddArgs,
    config: &Config,
    rpc: &Rpc,
    version: alloy::primitives::B256,
    ours: &opg_chain::bindings::ModelSpec,
) -> CliResult {
    let book = context::address_book(&config.address_book, config.chain.id)?;
    let spec =
        rpc.view(book.model_registry, &IModelRegistry::specOfCall { version }).await.map_err(|error| {
            CliError::new(Code::Contract, format!("version {version}"), error, "name a registered version")
        })?;
    for (file, ours, theirs) in [
        ("weights", ours.weightsDigest, spec.weightsDigest),
        ("tokenizer", ours.tokenizerDigest, spec.tokenizerDigest),
        ("config", ours.configDigest, spec.configDigest),
    ] {
        if ours != theirs {
            return Err(CliError::new(
                Code::ModelFile,
                format!("{file} of {}", args.name),
                format!("sha256 is {ours}, but version {version} has {theirs}"),
                "fetch the registered file",
            ));
        }
    }
    registered_profile(args, version, ours.engineProfile, spec.engineProfile)
}

fn registered_profile(
    args: &ModelAddArgs,
    version: alloy::primitives::B256,
    ours: alloy::primitives::B256,
    theirs: alloy::primitives::B256,
) -> CliResult {
    if ours == theirs {
        return Ok(());
    }
    Err(CliError::new(
        Code::ModelProfile,
        format!("execution profile of {}", args.name),
        format!("this build computes it in {ours}, but version {version} has {theirs}"),
        "run the build and the device that the version was registered with, or register one of your own without \
         `--registered`",
    ))
}

/// Sends through the running keeper where there is one, else on its own, keeping keepers away meanwhile.
fn submitter(
    config: &Config,
    rpc: Arc<Rpc>,
    signer: opg_chain::signer::PrivateKeySigner,
) -> CliResult<(Submitter, Option<Lock>)> {
    let lock = Lock::try_take(&config.database)?;
    let store = Store::open(&config.database).map_err(context::state)?;
    let submitter = match &lock {
        Some(_) => Submitter::own(store, rpc as _, signer, settings::journal(config))?,
        None => Submitter::through_keeper(store, signer.address()),
    };
    Ok((submitter, lock))
}

fn append(args: &ModelAddArgs, config: &Config, version: alloy::primitives::B256) -> CliResult {
    let absolute =
        |path: &std::path::PathBuf| std::path::absolute(path).map_err(|error| CliError::file(path, &error));
    let optional = |path: &Option<std::path::PathBuf>| path.as_ref().map(absolute).transpose();
    let (weights, tokenizer, model_config) =
        (absolute(&args.weights)?, optional(&args.tokenizer)?, optional(&args.model_config)?);
    let mut text =
        std::fs::read_to_string(&config.path).map_err(|error| CliError::file(&config.path, &error))?;
    // A table of an array may follow anything, so the end of the file is always a place for it.
    let proving_key = optional(&args.proof.proving_key)?;
    let files = EntryFiles {
        weights: &weights,
        tokenizer: tokenizer.as_deref(),
        config: model_config.as_deref(),
        proving_key: proving_key.as_deref(),
    };
    text.push_str(&model_entry(&args.name, version, &files));
    if let (Some(url), Some(model)) = (&args.upstream.upstream, &args.upstream.upstream_model) {
        let api_key_file = optional(&args.upstream.api_key_file)?;
        let upstream = EntryUpstream { url, model, api_key_file: api_key_file.as_deref() };
        text.push_str(&upstream_entry(&upstream));
    }
    files::replace(&config.path, text.as_bytes())
}

async fn ledger(config: &Config) -> CliResult<ChainLedger> {
    let rpc = context::connect(config).await?;
    let book = context::address_book(&config.address_book, config.chain.id)?;
    Ok(ChainLedger::new((*rpc).clone(), settings::follower(config, &book), FeeFloor::default()))
}

async fn list(config: &Config, output: Output) -> CliResult {
    if config.models.is_empty() {
        output.result(&json!([]), || "no models; `opg model add` adds one".to_owned());
        return Ok(());
    }
    let ledger = ledger(config).await?;
    let mut rows = Vec::new();
    let mut values = Vec::new();
    for model in &config.models {
        let spec = ledger.model_spec(model.version).await;
        let (task, note) = match &spec {
            Ok(spec) => (spec.task_name(), format!("{} bps royalty, {}", spec.royaltyBps, spec.licence)),
            Err(error) => ("-".to_owned(), error.to_string()),
        };
        rows.push(vec![model.name.clone(), task.clone(), model.version.to_string(), note]);
        values.push(json!({
            "name": model.name, "version": model.version, "weights": model.weights, "registered": spec.is_ok(),
            "task": spec.as_ref().ok().map(|_| task), "licence": spec.as_ref().ok().map(|spec| spec.licence.clone()),
            "royaltyBps": spec.as_ref().ok().map(|spec| spec.royaltyBps),
        }));
    }
    output.result(&Value::Array(values), || table(&["NAME", "TASK", "VERSION", "REGISTRY"], &rows));
    Ok(())
}

async fn verify(name: Option<&str>, config: &Config, output: Output) -> CliResult {
    let chosen: Vec<&Model> =
        config.models.iter().filter(|model| name.is_none_or(|name| name == model.name)).collect();
    if let Some(name) = name.filter(|_| chosen.is_empty()) {
        let near = nearest(name, config.models.iter().map(|model| model.name.as_str()));
        let remedy = near.map_or_else(
            || "`opg model list` shows them".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        return Err(CliError::new(
            Code::ModelUnknown,
            format!("model {name}"),
            "is not in the configuration",
            remedy,
        ));
    }
    let ledger = ledger(config).await?;
    let progress = Progress::new(output.is_json());
    let mut values = Vec::new();
    let mut problems = Vec::new();
    for model in chosen {
        progress.step(&format!("hashing the files of {}", model.name));
        let verified = registered::read(model, &ledger).await?.verify().await;
        let proving = settings::check_proving_key(model, &ledger).await;
        let valid = verified.is_ok() && proving.is_ok();
        if let Err(error) = proving {
            problems.extend(error.problems().cloned());
        }
        values.push(json!({ "name": model.name, "version": model.version, "valid": valid }));
        if let Err(error) = verified {
            problems.extend(error.problems().cloned());
        }
    }
    progress.finish();
    let rows: Vec<_> = values
        .iter()
        .map(|value| {
            vec![
                value["name"].as_str().unwrap_or_default().to_owned(),
                if value["valid"] == true { "valid" } else { "NOT VALID" }.to_owned(),
            ]
        })
        .collect();
    output.result(&Value::Array(values), || table(&["NAME", "FILES"], &rows));
    CliError::from_problems(problems).map_or(Ok(()), Err)
}
