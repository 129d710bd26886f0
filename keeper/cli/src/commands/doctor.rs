//! `opg doctor`: checks everything that the keeper needs, one thing after the other, and goes on after a failure.

use std::{path::Path, sync::Arc};

use alloy::primitives::U256;
use opg_chain::{address_book::AddressBook, fees::FeeFloor, rpc::Rpc, signer::PrivateKeySigner};
use opg_engine::{Engine as _, local::Accelerator};
use opg_node::ChainLedger;
use opg_upstream::{ForwardingEngine, Patience};
use serde::Serialize;

use super::{
    channels,
    fees::{Fees, books},
};
use crate::{
    config::{Config, Model, units::Eth},
    context,
    daemon::{crank, registered, settings, standing},
    error::{CliError, CliResult, Code, Problem},
    output::{Output, table},
    staking::{contracts as contracts_of, refusal::opg},
    text::now,
};

/// Most seconds between this machine's clock and the chain's. Receipts are stamped with the machine's time.
const MAX_SKEW: u64 = 30;
/// Least free space for the database.
const MIN_FREE_BYTES: u64 = 1 << 30;

/// What came of one check.
#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    ok: bool,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn good(&mut self, check: &'static str, detail: impl Into<String>) {
        self.0.push(Finding { check, ok: true, detail: detail.into(), remedy: None });
    }

    fn bad(&mut self, check: &'static str, detail: impl Into<String>, remedy: impl Into<String>) {
        self.0.push(Finding { check, ok: false, detail: detail.into(), remedy: Some(remedy.into()) });
    }

    /// Notes what a step of the keeper's own start gave.
    fn take<T>(
        &mut self,
        check: &'static str,
        result: CliResult<T>,
        detail: impl FnOnce(&T) -> String,
    ) -> Option<T> {
        match result {
            Ok(value) => {
                self.good(check, detail(&value));
                Some(value)
            }
            Err(error) => {
                for problem in error.problems() {
                    self.bad(check, format!("{}: {}", problem.input, problem.reason), problem.remedy.clone());
                }
                None
            }
        }
    }
}

/// Makes every check that can be made.
pub(super) async fn run(config: &Config, output: Output) -> CliResult {
    let mut findings = Findings::default();
    findings.good("configuration", config.path.display().to_string());
    let signer = findings.take("key", context::open_signer(config), |signer| signer.address().to_string());
    disk(config, &mut findings);
    accelerator(config, &mut findings);

    let rpc = findings.take("rpc", context::connect(config).await, |rpc| {
        format!("{} endpoints, chain {}", config.rpc.0.len(), rpc.chain_id())
    });
    let book =
        findings.take("address book", context::address_book(&config.address_book, config.chain.id), |_| {
            config.address_book.display().to_string()
        });
    if let Some(rpc) = &rpc {
        clock(rpc, &mut findings).await;
        if let Some(book) = &book {
            contracts(rpc, book, &mut findings).await;
            models(config, rpc, book, &mut findings).await;
            genesis(config, rpc, book, &mut findings).await;
            vouchers(config, rpc, &mut findings).await;
        }
        if let Some(signer) = &signer {
            balance(config, rpc, signer, &mut findings).await;
            if book.is_some() && (config.inference.enabled || config.gateway.enabled) {
                operator(config, rpc, signer, &mut findings).await;
                fees(config, rpc, signer, &mut findings).await;
            }
        }
    }
    report(&findings.0, output)
}

fn report(findings: &[Finding], output: Output) -> CliResult {
    let bad: Vec<_> = findings.iter().filter(|finding| !finding.ok).collect();
    let value = serde_json::json!({ "healthy": bad.is_empty(), "findings": findings });
    output.result(&value, || {
        let rows: Vec<_> = findings
            .iter()
            .map(|finding| {
                let mark = if finding.ok { "ok" } else { "PROBLEM" };
                vec![mark.to_owned(), finding.check.to_owned(), finding.detail.clone()]
            })
            .collect();
        table(&["", "CHECK", "FOUND"], &rows)
    });
    let problems = bad
        .iter()
        .map(|finding| {
            Problem::new(
                Code::Unhealthy,
                finding.check,
                &finding.detail,
                finding.remedy.as_deref().unwrap_or_default(),
            )
        })
        .collect();
    CliError::from_problems(problems).map_or(Ok(()), Err)
}

fn disk(config: &Config, findings: &mut Findings) {
    let folder =
        config.database.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match rustix::fs::statvfs(folder) {
        Ok(stat) => {
            let free = stat.f_bavail.saturating_mul(stat.f_frsize);
            let detail = format!("{} MiB free in {}", free >> 20, folder.display());
            if free < MIN_FREE_BYTES {
                findings.bad("disk", detail, "free at least 1 GiB, or move storage.path to a larger disk");
            } else {
                findings.good("disk", detail);
            }
        }
        Err(error) => findings.bad(
            "disk",
            format!("{}: {error}", folder.display()),
            "create the folder of storage.path",
        ),
    }
}

/// Where models are computed: a build for GPUs needs one.
fn accelerator(config: &Config, findings: &mut Findings) {
    if !config.inference.enabled {
        return;
    }
    match Accelerator::default().describe() {
        Ok(device) => findings.good("accelerator", device),
        Err(error) => findings.bad(
            "accelerator",
            error.to_string(),
            "install the NVIDIA driver until `nvidia-smi` lists the GPU, or use an opg built without CUDA",
        ),
    }
}

async fn clock(rpc: &Rpc, findings: &mut Findings) {
    match rpc.head().await {
        Ok(head) => {
            let now = now();
            let skew = now.abs_diff(head.timestamp);
            let side = if now < head.timestamp { "behind" } else { "ahead of" };
            let detail = format!("{skew} s {side} the time of block {}", head.number);
            if skew > MAX_SKEW {
                findings.bad(
                    "clock",
                    detail,
                    if now < head.timestamp {
                        "synchronise this machine's clock (NTP)"
                    } else {
                        "synchronise this machine's clock (NTP), or use a node that is not behind; until then receipts wait for \
                         a batch until the chain's time reaches theirs"
                    },
                );
            } else {
                findings.good("clock", detail);
            }
        }
        Err(error) => findings.bad("clock", error.to_string(), "use a node that answers"),
    }
}

async fn contracts(rpc: &Rpc, book: &AddressBook, findings: &mut Findings) {
    let all = [
        ("opg", book.opg),
        ("vestingVault", book.vesting_vault),
        ("modelRegistry", book.model_registry),
        ("staking", book.staking),
        ("proofRegistry", book.proof_registry),
        ("inferenceHub", book.inference_hub),
    ];
    for (name, address) in all {
        match rpc.code(address).await {
            Ok(code) if code.is_empty() => {
                findings.bad(
                    "contracts",
                    format!("{name} {address} has no code"),
                    "use the address book of this chain's deployment",
                );
                return;
            }
            Ok(_) => {}
            Err(error) => {
                findings.bad("contracts", error.to_string(), "use a node that answers");
                return;
            }
        }
    }
    findings.good("contracts", format!("{} contracts with code", all.len()));
}

async fn balance(config: &Config, rpc: &Rpc, signer: &PrivateKeySigner, findings: &mut Findings) {
    let address = signer.address();
    match rpc.balance(address).await {
        Ok(balance) => {
            let detail = format!("{address} has {}", Eth(balance));
            if balance <= config.transactions.min_balance.0 || balance == U256::ZERO {
                let remedy = format!(
                    "send {address} ETH: more than transactions.min_balance, {}",
                    config.transactions.min_balance
                );
                findings.bad("balance", detail, remedy);
            } else {
                findings.good("balance", detail);
            }
        }
        Err(error) => findings.bad("balance", error.to_string(), "use a node that answers"),
    }
}

/// Whether the operator can work with this keeper's key.
async fn operator(config: &Config, rpc: &Arc<Rpc>, signer: &PrivateKeySigner, findings: &mut Findings) {
    let operator = config.operator.unwrap_or_else(|| signer.address());
    let checked = standing::check(config, rpc, operator, signer.address()).await;
    findings.take("operator", checked, |standing| {
        format!("{operator} is active with this key, {} staked", opg(standing.view.stake))
    });
}

/// Whether the crank's genesis is that of the vault, and of the index that an earlier run filled.
async fn genesis(config: &Config, rpc: &Arc<Rpc>, book: &AddressBook, findings: &mut Findings) {
    if !config.crank.enabled {
        return;
    }
    let store = if config.database.exists() { context::store(config).map(Some) } else { Ok(None) };
    let checked = match store {
        Ok(store) => crank::check(config, rpc, book, store.as_ref()).await,
        Err(error) => Err(error),
    };
    findings.take("genesis", checked, |schedules| {
        format!("{} schedules with the roots of vault {}", schedules.unwrap_or_default(), book.vesting_vault)
    });
}

/// Whether vouchers can be taken, and what is owed for those that were.
async fn vouchers(config: &Config, rpc: &Rpc, findings: &mut Findings) {
    if !channels::wanted(config) {
        return;
    }
    let checked =
        async { Ok::<_, CliError>((channels::has_contract(rpc).await?, channels::read(config, rpc).await?)) };
    match checked.await {
        Ok((false, _)) => findings.bad(
            "channels",
            "the chain has no contract of payment channels, so vouchers are not taken",
            "set channels.enabled = false, or use a chain that has it",
        ),
        Ok((true, Some(books))) if books.at_risk() > 0 => findings.bad(
            "channels",
            books.line(now()),
            "the log says why the chain refuses a claim; what was served on credit comes with the payer's next voucher",
        ),
        Ok((true, books)) => findings.good(
            "channels",
            books.map_or_else(|| "vouchers are taken, none yet".to_owned(), |books| books.line(now())),
        ),
        Err(error) => {
            findings.take::<()>("channels", Err(error), |()| String::new());
        }
    }
}

/// Whether the books of fees agree with the chain, and whether a capacity is declared.
async fn fees(config: &Config, rpc: &Arc<Rpc>, signer: &PrivateKeySigner, findings: &mut Findings) {
    let operator = config.operator.unwrap_or_else(|| signer.address());
    let read = async { Fees::read(&contracts_of(config, rpc).await?, operator, config).await };
    let fees = match read.await {
        Ok(Some(fees)) => fees,
        Ok(None) => return,
        Err(error) => {
            findings.take::<()>("fees", Err(error), |()| String::new());
            return;
        }
    };
    match fees.books() {
        Some(compared) if compared.books.missing() > 0 => {
            findings.bad("fees", compared.line(), books::MISSING);
        }
        Some(compared) => findings.good("fees", compared.line()),
        None if config.fees.enabled => {
            findings.good("fees", "no books yet, the keeper begins them when it runs")
        }
        None => findings.good("fees", "nothing is moved or accounted for, fees.enabled = false"),
    }
    if let Some(declared) = fees.capacity() {
        let detail = match declared.is_zero() {
            true => "none is declared, so this operator's fees do not count for the unit price; \
                     `opg operator capacity` declares one"
                .to_owned(),
            false => format!("{declared} compute units per second are declared"),
        };
        findings.good("capacity", detail);
    }
}

async fn models(config: &Config, rpc: &Rpc, book: &AddressBook, findings: &mut Findings) {
    if config.models.is_empty() && config.inference.enabled {
        findings.bad(
            "models",
            "none is configured, so every request is declined",
            "`opg model add` adds one",
        );
    }
    let ledger = ChainLedger::new(rpc.clone(), settings::follower(config, book), FeeFloor::default());
    for model in &config.models {
        let verified = match registered::read(model, &ledger).await {
            Ok(registered) => registered.verify().await,
            Err(error) => Err(error),
        };
        findings.take("model files", verified, |()| {
            format!("{} and its execution profile are what the registry says", model.name)
        });
        if model.upstream.is_some() {
            let asked = ask(model, &ledger).await;
            findings
                .take("upstream", asked, |()| format!("the server that answers for {} has it", model.name));
        }
        if model.proving_key.is_some() {
            let checked = settings::check_proving_key(model, &ledger).await;
            findings.take("proving key", checked, |()| format!("of {} is the registered one", model.name));
        }
    }
}

/// Whether the server that answers for a model can be reached with its key and has the model.
async fn ask(model: &Model, ledger: &ChainLedger) -> CliResult {
    let registered = registered::read(model, ledger).await?;
    let engines = registered::for_engines(vec![registered])?;
    let asked =
        async { ForwardingEngine::new(engines.forwarded, Patience::default())?.load(&model.name).await };
    asked.await.map_err(|error| context::engine(&model.name, &error))
}
