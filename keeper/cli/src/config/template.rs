//! The configuration that `opg init` writes.

use std::path::Path;

use alloy::primitives::B256;

/// What is filled in.
#[derive(Debug)]
pub(crate) struct Values {
    pub(crate) rpc: String,
    pub(crate) chain_id: u64,
    pub(crate) keystore: String,
    pub(crate) operator: Option<String>,
}

/// A commented configuration. Lines that begin with `#` directly followed by a key show the default of that key.
pub(crate) fn render(values: &Values) -> String {
    let Values { rpc, chain_id, keystore, operator } = values;
    let (rpc, keystore) = (toml_string(rpc), toml_string(keystore));
    let operator = match operator {
        Some(operator) => format!("operator = \"{operator}\""),
        None => "# operator = \"0x…\"".to_owned(),
    };
    format!(
        r#"# Configuration of the OPG keeper. Paths are relative to this file.
# Every key can be overridden by an environment variable: `chain.rpc` by OPG_CHAIN__RPC.
# Lines like `#key = value` show defaults. `opg run` reloads this file on SIGHUP.

[chain]
# One endpoint or several, in order of preference: ["http://127.0.0.1:8545", "https://…"]
rpc = {rpc}
# 8453 is Base, 84532 is Base Sepolia. A node of another chain is refused.
id = {chain_id}
# Addresses of the contracts.
#address_book = "deployments/{chain_id}.json"
# How often to look for new blocks, and how long to wait for an answer of the node.
#poll_interval = "1s"
#request_timeout = "10s"
# Blocks after which the chain no longer changes; jobs end only then.
#finality = 64
# Most blocks per log query; split further where the node refuses.
#max_log_range = 2000

[keys]
# The hot key that signs receipts and sends transactions. Keep a little ETH on it, no OPG.
keystore = {keystore}
# File with the keystore's password. Without it, OPG_KEYSTORE_PASSWORD is read.
# password_file = "password"
# The account that holds the own stake and gets the fees. Without it, the hot key's own account.
{operator}

[transactions]
# Ceiling of the price of gas, replacements included.
#max_fee_per_gas = "10 gwei"
# Below this balance the keeper takes no new jobs.
#min_balance = "0.0005 ETH"
# Blocks after which a transaction counts as done, and after which one that is not mined is replaced at a higher fee.
#confirmations = 3
#replace_after_blocks = 3

[inference]
#enabled = true
# Price of a compute unit, and the least that a request must offer. With the market switched on the price is the least that is
# asked.
#unit_price = "0.000001 OPG"
# Whether to ask for what the network's fee market says, where the chain has one.
#market = true
#min_fee = "0 OPG"
# What one ETH is worth. With it, requests are declined whose fee does not cover the gas of the answer.
# opg_per_eth = "20000 OPG"
# Requests whose fee pays for fewer output tokens are declined.
#min_output_tokens = 16
# Jobs that wait, jobs at a time, and tries per job.
#max_waiting = 64
#concurrency = 1
#max_attempts = 5
# Requests with less time left than this are left to others.
#deadline_margin = "10s"
# How long running jobs may take to finish after SIGTERM; what is left resumes at the next start.
#drain_timeout = "60s"

[proving]
# For requests that ask for a proof of execution. Models that are to answer them need a `proving_key`.
# Price of a compute unit in such requests; inference.unit_price without it. And the least fee.
# unit_price = "0.00001 OPG"
#min_fee = "0 OPG"
# Proofs at a time, and the threads of each; 0 takes the number of cores.
#concurrency = 1
#threads = 0
# Most memory of a proof's process; unlimited without it.
# memory_limit = "2 GiB"
# Longest time for a proof, the time that one is assumed to take until one was measured, and tries per proof.
#time_limit = "10m"
#assumed_time = "20s"
#max_attempts = 3

[crank]
# Does what anyone may do and somebody has to: releases vested tokens, carries out slashes. The keeper pays the gas.
#enabled = false
# The folder that the vault was deployed with.
# genesis = "genesis"
# Each thing is done at most once in this time.
#interval = "1h"
# Names of the categories to release; empty: all.
#categories = []
# Less than this waits until there is more, except the last release of a schedule.
#min_amount = "1 OPG"
# Everything waits while the base fee is above this.
#max_gas_price = "1 gwei"
# Gas that one transaction should not exceed.
#batch_gas = 8000000
# Only these beneficiaries (empty: all), and not these: addresses in quotes.
#only = []
#except = []
# Carries out slashes whose veto window is over, and burns what they took.
#slashes = true
# Stakes what the operator earned. The keeper's key must be its claimer: `opg set-claimer` with the operator's key.
#compound = false

[gateway]
# Answers requests over HTTP as OpenAI's API does, paid by x402, each with a signed receipt.
#enabled = false
#listen = "127.0.0.1:8402"
# HTTPS by these PEM files; without them plain HTTP, for a proxy that ends TLS.
# tls_certificate = "cert.pem"
# tls_key = "key.pem"
# "x402", or "free" where nobody pays.
#payments = "x402"
# Price of a compute unit over HTTP; inference.unit_price without it. With the market switched on it is the least that is asked.
# price = "0.000001 OPG"
# Whether to ask for what the network's fee market says, where the chain has one.
#market = true
# How long a payment must stay valid when it is shown: the time to settle it.
#settlement_time = "60s"
# Bounds: the body of a request, connections, requests per minute of one payer or address (0: no limit).
#max_body = "1 MiB"
#max_connections = 4096
#requests_per_minute = 600
# Requests that the engine works on at once, that wait for it, and of these of one payer.
#parallel = 8
#waiting = 64
#waiting_per_payer = 16
# How long requests may take to finish after SIGTERM.
#shutdown_timeout = "60s"

[batches]
# Posts the receipts of the gateway in batches, so that anybody can hold this node to them. The keeper pays the gas, which
# is the same for a batch of any size.
#enabled = true
# Where the gateway is reached from outside: others fetch the data of batches there. gateway.listen without it.
# public_url = "https://node.example.com"
# A batch is posted when it has this many receipts, or its oldest has waited this long, or the keeper stops.
#max_receipts = 4096
#max_age = "10m"
# Removes receipts, answers and traces from the database when their batch is final and they are this old. For good without it.
# At least as long as the chain lets them be challenged, and a day.
# keep = "90d"

[channels]
# Takes vouchers of payment channels over HTTP (x402 `batch-settlement`), charged by use. The keeper pays the gas of deposits,
# claims and refunds.
#enabled = true
# What may be served in a channel beyond what its payer signed, so that its requests can run side by side.
#credit = "0 OPG"
# What may be unclaimed in a channel whose vouchers a wallet's code judges, which can change its mind; 0: none is taken.
#wallet_limit = "0 OPG"
# The least that is deposited at once.
#min_deposit = "0.1 OPG"
# The shortest time from a payer's wish to withdraw to its withdrawal: in it the keeper has to claim.
#withdraw_delay = "1h"
# Claims are made when they bring this much, or the oldest fee has waited this long, or a payer withdraws what it owes.
#claim_amount = "10 OPG"
#claim_age = "1h"
# Less than this in a channel is not worth its gas.
#min_claim = "0.001 OPG"
# How often to look at the channels.
#poll_interval = "10s"

[fees]
# Has fees divided and the operator paid, and keeps the books. The money can only go where it belongs; the keeper pays the gas.
#enabled = true
# Fees are moved when there are this many, or the oldest has waited this long, and never below the last.
#amount = "100 OPG"
#age = "1d"
#min_amount = "1 OPG"
# They must be worth this many times the gas of moving them, where inference.opg_per_eth says what gas costs.
#gas_factor = 10
# Compute units per second to declare to the fee market. The keeper can only where its key is the operator's own account;
# otherwise `opg operator capacity` with the operator's key.
# capacity = 50000
# How often to look at the chain.
#poll_interval = "60s"

[proxy]
# `opg proxy`: OpenAI's API for programs on this machine, answered by nodes of the network and paid with keys.keystore, which
# has to hold OPG. The key should have no more than you would spend.
#listen = "127.0.0.1:8404"
# What was paid, and the receipts.
#book = "proxy.db"
# Most OPG for one request, and in one day (UTC).
#max_per_request = "0.1 OPG"
#max_per_day = "1 OPG"
# Which version a model's name means. Other names mean for ever what they meant at their first use.
# models = {{ "smollm2-135m-instruct" = "0x…" }}
# Which node is asked first: "balanced", "price", "latency" or "stake".
#prefer = "balanced"
# Operators with less stake are not asked; nor others than these, if any are named.
#min_stake = "0 OPG"
#operators = []
# For development: also nodes without TLS, or in this machine's own network.
#allow_insecure = false
# How often to look at the registry, and how long to wait for an answer.
#refresh = "60s"
#patience = "10m"

[engine]
# Threads of the model; 0 takes the number of cores.
#threads = 0
# Jobs that may wait for the model's process.
#queue = 16
# Most memory of that process; unlimited without it.
# memory_limit = "4 GiB"

[storage]
# The SQLite database. Back it up only while the keeper is stopped.
#path = "opg.db"

[log]
#filter = "info"
# "text" or "json"
#format = "text"

# Models that this keeper serves; `opg model add` appends them.
# [[models]]
# name = "smollm2-135m"
# version = "0x…"
# weights = "models/smollm2-135m-instruct-q4_1.gguf"
# tokenizer = "…"         only where the weights file has none
# config = "…"            only where the weights file has none
# proving_key = "…"       where requests may ask for proofs
# max_input_tokens = 2048
# max_output_tokens = 1024
# Where another server with OpenAI's API answers for it. Nobody can check such answers, and their receipts say so.
# [models.upstream]
# url = "http://127.0.0.1:8000/v1"
# model = "…"             the server's name for it
# api_key_file = "…"      or api_key_env = "…", where the server asks for one
# parallel = 8
"#
    )
}

/// The files of an entry of `[[models]]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EntryFiles<'a> {
    pub(crate) weights: &'a Path,
    pub(crate) tokenizer: Option<&'a Path>,
    pub(crate) config: Option<&'a Path>,
    pub(crate) proving_key: Option<&'a Path>,
}

/// The server of an entry of `[[models]]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EntryUpstream<'a> {
    pub(crate) url: &'a str,
    pub(crate) model: &'a str,
    pub(crate) api_key_file: Option<&'a Path>,
}

/// The part of an entry of `[[models]]` that says which server answers; it follows the entry.
pub(crate) fn upstream_entry(upstream: &EntryUpstream<'_>) -> String {
    let (url, model) = (toml_string(upstream.url), toml_string(upstream.model));
    let mut text = format!("[models.upstream]\nurl = {url}\nmodel = {model}\n");
    if let Some(path) = upstream.api_key_file {
        text.push_str(&format!("api_key_file = {}\n", toml_string(&path.display().to_string())));
    }
    text
}

/// An entry of `[[models]]`.
pub(crate) fn model_entry(name: &str, version: B256, files: &EntryFiles<'_>) -> String {
    let mut text = format!("\n[[models]]\nname = {}\nversion = \"{version}\"\n", toml_string(name));
    for (key, path) in [
        ("weights", Some(files.weights)),
        ("tokenizer", files.tokenizer),
        ("config", files.config),
        ("proving_key", files.proving_key),
    ] {
        if let Some(path) = path {
            text.push_str(&format!("{key} = {}\n", toml_string(&path.display().to_string())));
        }
    }
    text
}

/// `text` as a TOML string.
pub(crate) fn toml_string(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
