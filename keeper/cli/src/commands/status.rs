//! `opg status`

use alloy::primitives::{Address, U256};
use opg_chain::{
    journal,
    ledger::{Contracts, LedgerError, OperatorStatus},
};
use opg_store::{
    batches, jobs,
    vesting::{self, Summary},
};
use serde_json::{Value, json};

use super::{channels, fees::Fees};
use crate::{
    config::{
        Config,
        units::{Eth, decimal},
    },
    context,
    daemon::Lock,
    error::{CliError, CliResult, Code},
    output::{Output, fields},
    staking::show::{Operator, Position},
    text::{age, duration, moment},
};

/// What the chain says about this keeper.
struct Chain {
    head: u64,
    time: u64,
    balance: U256,
    fees: Option<Fees>,
    operator: Option<(Operator, Position)>,
    channels: Option<channels::Books>,
}

impl Chain {
    /// Whether the operator is active with the key `signer`.
    fn active_with(&self, signer: Option<Address>) -> bool {
        self.operator.as_ref().is_some_and(|(operator, _)| {
            operator.status == OperatorStatus::Active && Some(operator.view.signer) == signer
        })
    }
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
    let crank = crank(config, chain.time)?;
    let receipts = match config.database.exists() {
        true => context::store(config)?.read(batches::summary).map_err(context::state)?,
        false => batches::Summary::default(),
    };

    let value = json!({
        "running": running,
        "signer": signer,
        "operator": operator,
        "signerBalanceWei": chain.balance.to_string(),
        "fees": chain.fees.as_ref().map(Fees::document),
        "operatorActive": chain.active_with(signer),
        "stake": chain.operator.as_ref().map(|(operator, _)| operator.document()),
        "position": chain.operator.as_ref().map(|(_, position)| position.document(chain.time)),
        "head": { "number": chain.head, "timestamp": chain.time },
        "jobs": jobs.iter().map(|(state, count)| (state.name().to_owned(), json!(count))).collect::<serde_json::Map<_, _>>(),
        "transactions": transactions.iter().map(|(state, count)| (state.clone(), json!(count))).collect::<serde_json::Map<_, _>>(),
        "crank": { "enabled": config.crank.enabled, "index": crank.as_ref().map(index) },
        "batches": {
            "waiting": receipts.waiting,
            "oldestIssuedAt": receipts.oldest,
            "demandedLeaves": receipts.demands,
            "states": receipts.states.iter().map(|(state, batches, receipts)| {
                (state.clone(), json!({ "batches": batches, "receipts": receipts }))
            }).collect::<serde_json::Map<_, _>>(),
        },
        "channels": chain.channels.as_ref().map(channels::Books::document),
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
            ("operator", shown(operator)),
            ("chain", format!("{} at block {}, {} old", config.chain.id, chain.head, age(chain.time))),
        ];
        if config.gateway.enabled || receipts != batches::Summary::default() {
            rows.insert(3, ("receipts", posted(&receipts, chain.time)));
        }
        if let Some(books) = &chain.channels {
            rows.insert(3, ("channels", books.line(chain.time)));
        }
        if config.crank.enabled || crank.is_some() {
            rows.insert(3, ("crank", described(config.crank.enabled, crank.as_ref(), chain.time)));
        }
        if let Some((operator, position)) = &chain.operator {
            let last = rows.pop();
            rows.extend(operator.rows(chain.time).into_iter().map(|(label, value)| match label {
                "status" => ("standing", value),
                other => (other, value),
            }));
            rows.extend(position.unbonding(chain.time).map(|text| ("unbonding", text)));
            rows.extend(position.rewards().map(|text| ("rewards", text)));
            rows.extend(chain.fees.iter().flat_map(Fees::rows));
            rows.extend(last);
        }
        if let Some((text, since)) = &alert {
            rows.push(("ALERT", format!("for {}: {text}", age(*since))));
        }
        fields(&rows)
    });
    Ok(())
}

/// What the index of schedules says at chain time `now`, if there is one.
fn crank(config: &Config, now: u64) -> CliResult<Option<Summary>> {
    if !config.database.exists() {
        return Ok(None);
    }
    context::store(config)?.read(|tx| vesting::summary(tx, now)).map_err(context::state)
}

fn index(summary: &Summary) -> Value {
    json!({
        "schedules": summary.schedules,
        "complete": summary.complete,
        "due": summary.due,
        "inFlight": summary.in_flight,
        "nextDueAt": summary.next_due_at,
        "lastRelease": summary.last_release.map(|last| json!({
            "at": last.at,
            "transaction": last.intent,
            "schedules": last.schedules,
            "amountWei": last.amount.to_string(),
        })),
    })
}

/// The crank in one line. Times are the chain's, which may be years from this machine's on a test chain.
fn described(enabled: bool, summary: Option<&Summary>, now: u64) -> String {
    let mut parts = Vec::new();
    if !enabled {
        parts.push("switched off".to_owned());
    }
    let Some(summary) = summary else {
        parts.push("no schedules indexed yet".to_owned());
        return parts.join(", ");
    };
    let filling = if summary.complete { "" } else { " so far" };
    parts.push(format!("{} schedules{filling}, {} due now", summary.schedules, summary.due));
    if summary.in_flight > 0 {
        parts.push(format!("{} on their way", summary.in_flight));
    }
    parts.push(summary.next_due_at.map_or_else(
        || "nothing else unlocks".to_owned(),
        |at| format!("next unlock {} (in {})", moment(at), duration(at.saturating_sub(now))),
    ));
    if let Some(last) = &summary.last_release {
        let amount = decimal(U256::from(last.amount), 18);
        let ago = duration(now.saturating_sub(last.at));
        parts.push(format!(
            "last release {ago} ago: {amount} OPG to {} schedules (transaction {})",
            last.schedules, last.intent
        ));
    }
    parts.join(", ")
}

/// Receipts of the gateway in one line, at chain time `now`.
fn posted(summary: &batches::Summary, now: u64) -> String {
    let mut parts: Vec<_> = summary
        .states
        .iter()
        .map(|(state, batches, receipts)| format!("{receipts} in {batches} {state} batches"))
        .collect();
    parts.push(match summary.oldest {
        Some(oldest) => {
            format!("{} wait, the oldest for {}", summary.waiting, duration(now.saturating_sub(oldest)))
        }
        None => "none waits".to_owned(),
    });
    if summary.demands > 0 {
        parts.push(format!("{} demanded on the chain", summary.demands));
    }
    parts.join(", ")
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
        let contracts = Contracts::open((*rpc).clone(), book).await?;
        let operator = match operator {
            Some(account) => {
                let operator = Operator::read(&contracts, account).await?;
                let position = Position::read(&contracts, account, account).await?;
                Some((operator, position))
            }
            None => None,
        };
        let chain =
            Chain { head: head.number, time: head.timestamp, balance, fees: None, operator, channels: None };
        Ok::<_, LedgerError>((chain, contracts))
    };
    let (chain, contracts) = read.await.map_err(|error| {
        CliError::new(
            Code::Contract,
            "chain",
            error,
            "check chain.rpc and chain.address_book with `opg doctor`",
        )
    })?;
    let fees = match operator {
        Some(account) => Fees::read(&contracts, account, config).await?,
        None => None,
    };
    Ok(Chain { fees, channels: channels::read(config, &rpc).await?, ..chain })
}
