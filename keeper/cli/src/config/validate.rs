//! What must hold of a configuration as a whole.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use opg_chain::journal::TRANSACTION_GAS_CAP;

use super::{
    Config, Model,
    file::{ConfigFile, CrankSection, ModelSection, ProvingSection},
    gateway::GatewaySection,
    proxy::ProxySection,
    units::{Opg, Size},
    upstream::UpstreamSettings,
};
use crate::error::{Code, Problem};

/// Gas of the dearest release of a single schedule, with some to spare.
const MIN_BATCH_GAS: u64 = 200_000;

/// Checks `file` completely. `None` only where a problem was added.
pub(super) fn validate(file: ConfigFile, path: &Path, problems: &mut Vec<Problem>) -> Option<Config> {
    let source = path.display().to_string();
    let base = path.parent().unwrap_or(Path::new(""));
    let in_base = |path: PathBuf| base.join(path);
    let mut check = Check { source: &source, problems };

    let rpc = check.required(
        file.chain.rpc.clone(),
        "chain.rpc",
        "set it to the URL of your node, like \"http://127.0.0.1:8545\"",
    );
    let keystore = check.required(
        file.keys.keystore.clone(),
        "keys.keystore",
        "set it to the path of an encrypted keystore; `opg init` writes one",
    );
    check.that(
        file.chain.id > 0,
        "chain.id",
        "0 is not a chain id",
        "set 8453 (Base), 84532 (Base Sepolia) or your chain's id",
    );
    check.that(!file.chain.poll_interval.0.is_zero(), "chain.poll_interval", "is zero", "set at least 50ms");
    check.that(
        !file.chain.request_timeout.0.is_zero(),
        "chain.request_timeout",
        "is zero",
        "set at least 1s",
    );
    check.that(
        file.chain.max_log_range > 0,
        "chain.max_log_range",
        "is zero",
        "set the number of blocks that your RPC allows per log query, like 2000",
    );
    check.that(
        file.inference.concurrency > 0,
        "inference.concurrency",
        "is zero, so no job would ever run",
        "set at least 1, or inference.enabled = false",
    );
    check.that(
        file.inference.max_attempts > 0,
        "inference.max_attempts",
        "is zero, so no job would ever run",
        "set at least 1",
    );
    check.that(
        file.inference.unit_price.0 > 0,
        "inference.unit_price",
        "is zero, so you would work for nothing",
        "set a price like \"0.000001 OPG\"",
    );
    check.that(
        file.engine.queue > 0,
        "engine.queue",
        "is zero, so no job could be accepted",
        "set at least 1",
    );
    check.that(
        file.inference.max_waiting > 0,
        "inference.max_waiting",
        "is zero, so no job could be accepted",
        "set at least 1",
    );
    check.that(
        file.inference.opg_per_eth != Some(Opg(0)),
        "inference.opg_per_eth",
        "is zero, so no fee could pay for gas",
        "set what one ETH is worth, like \"20000 OPG\", or leave it out",
    );
    check.that(
        file.engine.memory_limit != Some(Size(0)),
        "engine.memory_limit",
        "is zero, so no model could be loaded",
        "set more than the model files take, like \"4 GiB\", or leave it out",
    );
    check.that(
        file.transactions.confirmations > 0,
        "transactions.confirmations",
        "is zero, but a block must contain a transaction before anything follows from it",
        "set at least 1",
    );
    check.that(
        file.chain.finality >= file.transactions.confirmations,
        "chain.finality",
        "is less than transactions.confirmations",
        "set the depth below which your chain never reorganises, like 64",
    );
    check.that(
        file.transactions.replace_after_blocks > 0,
        "transactions.replace_after_blocks",
        "is zero, so every transaction would be replaced at once",
        "set a few blocks, like 3",
    );
    check.that(
        !file.transactions.max_fee_per_gas.0.is_zero(),
        "transactions.max_fee_per_gas",
        "is zero, so nothing could be sent",
        "set a ceiling like \"10 gwei\"",
    );
    if let Err(error) = tracing_subscriber::EnvFilter::try_new(&file.log.filter) {
        check.add(
            Code::ConfigValue,
            "log.filter",
            &error.to_string(),
            "write a filter like \"info\" or \"info,opg_chain=debug\"",
        );
    }

    check.proving(&file.proving);
    check.crank(&file);
    let sections =
        [file.gateway.problems(), file.batches.problems(), file.channels.problems(), file.fees.problems()];
    for (key, reason, remedy) in sections.into_iter().flatten() {
        check.add(Code::ConfigValue, key, reason, remedy);
    }
    for (key, reason, remedy) in file.proxy.problems() {
        check.add(Code::ConfigValue, key, reason, remedy);
    }

    let models =
        file.models.iter().enumerate().filter_map(|(index, model)| check.model(index, model, base)).collect();
    check.unique_models(&models);

    Some(Config {
        path: path.to_owned(),
        rpc: rpc?,
        address_book: in_base(
            file.chain
                .address_book
                .clone()
                .unwrap_or_else(|| format!("deployments/{}.json", file.chain.id).into()),
        ),
        chain: file.chain,
        keystore: in_base(keystore?),
        password_file: file.keys.password_file.map(in_base),
        operator: file.keys.operator.map(|operator| operator.0),
        transactions: file.transactions,
        inference: file.inference,
        proving: file.proving,
        crank: CrankSection { genesis: file.crank.genesis.map(in_base), ..file.crank },
        gateway: GatewaySection {
            tls_certificate: file.gateway.tls_certificate.map(in_base),
            tls_key: file.gateway.tls_key.map(in_base),
            ..file.gateway
        },
        batches: file.batches,
        channels: file.channels,
        fees: file.fees,
        proxy: ProxySection { book: in_base(file.proxy.book), ..file.proxy },
        engine: file.engine,
        database: in_base(file.storage.path),
        log: file.log,
        models,
    })
}

struct Check<'a> {
    source: &'a str,
    problems: &'a mut Vec<Problem>,
}

impl Check<'_> {
    fn add(&mut self, code: Code, key: &str, reason: &str, remedy: &str) {
        self.problems.push(Problem::new(code, format!("`{key}` in {}", self.source), reason, remedy));
    }

    fn that(&mut self, holds: bool, key: &str, reason: &str, remedy: &str) {
        if !holds {
            self.add(Code::ConfigValue, key, reason, remedy);
        }
    }

    fn required<T>(&mut self, value: Option<T>, key: &str, remedy: &str) -> Option<T> {
        // A value that was refused is absent too, and was already reported.
        let reported = self.problems.iter().any(|problem| names(problem, key));
        if value.is_none() && !reported {
            self.add(Code::ConfigRequired, key, "is required and has no default", remedy);
        }
        value
    }

    fn crank(&mut self, file: &ConfigFile) {
        let crank = &file.crank;
        self.that(
            !crank.enabled || crank.genesis.is_some(),
            "crank.genesis",
            "is missing, but the crank is switched on",
            "set the genesis folder that the vault was deployed with, or crank.enabled = false",
        );
        self.that(
            crank.interval.0.as_secs() > 0 && crank.interval.0.subsec_millis() == 0,
            "crank.interval",
            "is not a whole number of seconds above zero",
            "set a time like \"1h\": each schedule is released at most once in it",
        );
        self.that(
            !crank.enabled || crank.max_gas_price.0 <= file.transactions.max_fee_per_gas.0,
            "crank.max_gas_price",
            "is more than transactions.max_fee_per_gas, which no transaction exceeds",
            "lower it, or raise transactions.max_fee_per_gas",
        );
        self.that(
            !crank.max_gas_price.0.is_zero(),
            "crank.max_gas_price",
            "is zero, so nothing could be released",
            "set a price like \"1 gwei\"",
        );
        self.that(
            (MIN_BATCH_GAS..=TRANSACTION_GAS_CAP).contains(&crank.batch_gas),
            "crank.batch_gas",
            &format!("is not between {MIN_BATCH_GAS} and {TRANSACTION_GAS_CAP}, the gas of one release and of a transaction"),
            "set gas for about a hundred releases, like 8000000",
        );
        if let Some(both) = crank.only.iter().find(|address| crank.except.contains(address)) {
            self.add(
                Code::ConfigValue,
                "crank.except",
                &format!("names {}, which `crank.only` names too", both.0),
                "remove the address from one of the two",
            );
        }
        if let Some(name) = crank.categories.iter().enumerate().find_map(|(at, name)| {
            crank.categories.iter().skip(at + 1).any(|other| other == name).then_some(name)
        }) {
            self.add(
                Code::ConfigValue,
                "crank.categories",
                &format!("names `{name}` twice"),
                "name each category once",
            );
        }
    }

    fn proving(&mut self, proving: &ProvingSection) {
        for (key, value) in
            [("proving.concurrency", proving.concurrency), ("proving.max_attempts", proving.max_attempts)]
        {
            self.that(value > 0, key, "is zero, so no proof would ever be made", "set at least 1");
        }
        self.that(
            proving.unit_price != Some(Opg(0)),
            "proving.unit_price",
            "is zero, so you would work for nothing",
            "set a price like \"0.00001 OPG\", or leave it out",
        );
        self.that(
            proving.memory_limit != Some(Size(0)),
            "proving.memory_limit",
            "is zero, so no proof could be made",
            "set more than the proving key takes, like \"2 GiB\", or leave it out",
        );
        self.that(
            !proving.time_limit.0.is_zero(),
            "proving.time_limit",
            "is zero, so no proof would be finished",
            "set the longest that a proof may take, like \"10m\"",
        );
    }

    fn model(&mut self, index: usize, model: &ModelSection, base: &Path) -> Option<Model> {
        let key = |name: &str| format!("models[{index}].{name}");
        let name = self.required(model.name.clone(), &key("name"), "name the model, like \"smollm2-135m\"");
        let version =
            self.required(model.version, &key("version"), "set the version id that `opg model add` printed");
        let weights = self.required(
            model.weights.clone(),
            &key("weights"),
            "set the path of the weights file (.gguf or .safetensors)",
        );
        for (field, value) in
            [("max_input_tokens", model.max_input_tokens), ("max_output_tokens", model.max_output_tokens)]
        {
            self.that(
                value != Some(0),
                &key(field),
                "is zero, so nothing could be served",
                "set at least 1, or leave it out",
            );
        }
        let upstream = match &model.upstream {
            None => None,
            Some(section) => match UpstreamSettings::read(section, model, base) {
                Ok(upstream) => Some(upstream),
                Err((field, reason, remedy)) => {
                    self.add(Code::ConfigValue, &key(field), &reason, remedy);
                    return None;
                }
            },
        };
        Some(Model {
            name: name?,
            version: version?,
            weights: base.join(weights?),
            tokenizer: model.tokenizer.as_ref().map(|path| base.join(path)),
            config: model.config.as_ref().map(|path| base.join(path)),
            proving_key: model.proving_key.as_ref().map(|path| base.join(path)),
            upstream,
            max_input_tokens: model.max_input_tokens,
            max_output_tokens: model.max_output_tokens,
        })
    }

    fn unique_models(&mut self, models: &Vec<Model>) {
        let (mut names, mut versions) = (HashSet::new(), HashSet::new());
        for model in models {
            let new = (names.insert(&model.name), versions.insert(model.version));
            let reason = match new {
                (true, true) => continue,
                (false, _) => format!("the name `{}` appears twice", model.name),
                (true, false) => format!("the version {} appears twice", model.version),
            };
            self.add(
                Code::ConfigValue,
                "models",
                &reason,
                "give each model its own name and version, or remove one of the two",
            );
        }
    }
}

/// Whether `problem` is about `key`, from the file or from the environment.
fn names(problem: &Problem, key: &str) -> bool {
    let variable = format!("{}{}", super::load::PREFIX, key.to_uppercase().replace('.', "__"));
    problem.input.contains(&format!("`{key}`")) || problem.input.ends_with(&variable)
}
