//! `opg jobs …`

use alloy::primitives::B256;
use opg_store::{
    StoreError,
    jobs::{self, Filter, Job, JobState},
    proofs::{self, Proof, ProofState},
};
use serde_json::{Value, json};

use crate::{
    args::JobsCommand,
    config::{Config, nearest, units::Opg},
    context,
    error::{CliError, CliResult, Code},
    output::{Output, fields, table},
    text::{age, moment, now_ms},
};

/// Lists, shows or changes jobs.
pub(super) fn run(command: &JobsCommand, config: &Config, output: Output) -> CliResult {
    match command {
        JobsCommand::List { state, limit } => list(config, state.as_deref(), *limit, output),
        JobsCommand::Show { id } => show(config, *id, output),
        JobsCommand::Retry { id, dry_run } => change(config, *id, dry_run.dry_run, &RETRY, output),
        JobsCommand::Cancel { id, dry_run } => change(config, *id, dry_run.dry_run, &CANCEL, output),
    }
}

fn list(config: &Config, state: Option<&str>, limit: u32, output: Output) -> CliResult {
    let states = state.map(parse_state).transpose()?.into_iter().collect();
    let store = context::store(config)?;
    let filter = Filter { states, limit: Some(limit), ..Filter::default() };
    let found = store.read(|tx| jobs::list(tx, &filter)).map_err(context::state)?;
    output.result(&json!(found), || {
        if found.is_empty() {
            return "no jobs".to_owned();
        }
        let rows: Vec<_> = found.iter().map(row).collect();
        table(&["REQUEST", "STATE", "TRIES", "MAX FEE", "AGE", "REASON"], &rows)
    });
    Ok(())
}

fn row(job: &Job) -> Vec<String> {
    vec![
        job.request_id.to_string(),
        job.state.to_string(),
        job.attempts.to_string(),
        Opg(job.request.maxFee).to_string(),
        age(job.stages.seen / 1_000),
        job.reason.clone().unwrap_or_default(),
    ]
}

fn parse_state(text: &str) -> CliResult<JobState> {
    text.parse().map_err(|_| {
        let names: Vec<_> = JobState::ALL.iter().map(|state| state.name()).collect();
        let near = nearest(text, names.iter().copied());
        let remedy = near.map_or_else(
            || format!("the states are {}", names.join(", ")),
            |near| format!("did you mean `{near}`? The states are {}", names.join(", ")),
        );
        CliError::new(Code::Argument, format!("--state {text}"), "no such state", remedy)
    })
}

fn find(tx: &rusqlite::Transaction<'_>, id: B256) -> Result<Job, StoreOrCli> {
    jobs::by_request(tx, id)?.ok_or_else(|| StoreOrCli::Cli(unknown(id)))
}

fn unknown(id: B256) -> CliError {
    CliError::new(
        Code::JobUnknown,
        format!("request {id}"),
        "this keeper has no job for it",
        "`opg jobs list` shows those that it has; a job appears once the keeper has read its block",
    )
}

fn show(config: &Config, id: B256, output: Output) -> CliResult {
    let store = context::store(config)?;
    let (job, answer, proof) = store
        .read(|tx| {
            let job = find(tx, id)?;
            let answer = jobs::stored_answer(tx, job.id)?;
            let proof = proofs::get(tx, job.id)?;
            Ok::<_, StoreOrCli>((job, answer, proof))
        })
        .map_err(CliError::from)?;
    let mut value = json!(job);
    value["answer"] = answer.as_ref().map_or(Value::Null, |answer| {
        json!({
            "receipt": answer.signed,
            "output": answer.output,
            "trace": String::from_utf8_lossy(&answer.trace),
            "modelMs": answer.model_ms,
        })
    });
    value["proof"] = json!(proof);
    output.result(&value, || {
        let stage = |at: Option<u64>| at.map_or_else(|| "-".to_owned(), |at| moment(at / 1_000));
        let mut rows = vec![
            ("request", job.request_id.to_string()),
            ("state", job.state.to_string()),
            ("reason", job.reason.clone().unwrap_or_else(|| "-".to_owned())),
            ("model version", job.request.modelVersion.to_string()),
            ("payer", job.request.payer.to_string()),
            ("maximum fee", Opg(job.request.maxFee).to_string()),
            ("deadline", moment(job.request.deadline)),
            ("tries", job.attempts.to_string()),
            (
                "transaction",
                job.intent.map_or_else(|| "-".to_owned(), |id| format!("{id} (opg tx show {id})")),
            ),
            ("seen", stage(Some(job.stages.seen))),
            ("accepted", stage(job.stages.accepted)),
            ("started", stage(job.stages.started)),
            ("answered", stage(job.stages.answered)),
            ("proved", proof.as_ref().map_or_else(|| "not asked for".to_owned(), proof_line)),
            ("submitted", stage(job.stages.submitted)),
            ("broadcast", stage(job.stages.broadcast)),
            ("mined", stage(job.stages.mined)),
            ("finished", stage(job.stages.finished)),
        ];
        if let Some(answer) = &answer {
            rows.push(("fee", Opg(answer.signed.receipt().fee).to_string()));
            rows.push(("model time", format!("{} ms", answer.model_ms)));
            rows.push(("output", String::from_utf8_lossy(&answer.output).chars().take(400).collect()));
        }
        fields(&rows)
    });
    Ok(())
}

/// Where a proof stands.
fn proof_line(proof: &Proof) -> String {
    let tries = match proof.attempts {
        0 | 1 => String::new(),
        attempts => format!(", attempt {attempts}"),
    };
    match (proof.state, &proof.reason) {
        (ProofState::Proved, _) => {
            let seconds =
                proof.proving_ms.map_or_else(String::new, |took| format!(" in {:.2} s", took as f64 / 1e3));
            format!(
                "{}{seconds}{tries}",
                proof.proved.map_or_else(|| "-".to_owned(), |at| moment(at / 1_000))
            )
        }
        (ProofState::Proving, _) => format!("under way: {} of {} parts{tries}", proof.parts.0, proof.parts.1),
        (ProofState::Waiting, None) => "waits for its turn".to_owned(),
        (ProofState::Waiting, Some(reason)) => {
            format!("waits after {} attempt(s): {reason}", proof.attempts)
        }
    }
}

/// A change that the operator can ask for.
struct Change {
    verb: &'static str,
    allowed: &'static [JobState],
    apply: fn(&rusqlite::Transaction<'_>, jobs::JobId, u64) -> Result<(), StoreError>,
}

const RETRY: Change = Change {
    verb: "retry",
    allowed: &[JobState::Declined, JobState::Failed],
    apply: |tx, id, now| jobs::retry(tx, id, now).map(drop),
};

const CANCEL: Change = Change {
    verb: "cancel",
    allowed: &[JobState::Seen, JobState::Accepted, JobState::Running, JobState::Answered],
    apply: jobs::cancel,
};

fn change(config: &Config, id: B256, dry_run: bool, change: &Change, output: Output) -> CliResult {
    let store = context::store(config)?;
    let (before, after) = store
        .write(|tx| {
            let job = find(tx, id)?;
            if !change.allowed.contains(&job.state) {
                return Err(StoreOrCli::Cli(wrong_state(id, job.state, change)));
            }
            if !dry_run {
                (change.apply)(tx, job.id, now_ms())?;
            }
            Ok((job.state, jobs::get(tx, job.id)?.state))
        })
        .map_err(CliError::from)?;
    let value = json!({ "requestId": id, "before": before, "state": after, "dryRun": dry_run });
    output.result(&value, || {
        if dry_run {
            format!("Would {} the job of request {id}, which is {before}.", change.verb)
        } else {
            format!("The job of request {id} was {before} and is {after}.")
        }
    });
    Ok(())
}

fn wrong_state(id: B256, state: JobState, change: &Change) -> CliError {
    let allowed: Vec<_> = change.allowed.iter().map(|state| state.name()).collect();
    CliError::new(
        Code::JobState,
        format!("request {id}"),
        format!("its job is {state}, and only jobs that are {} can {}", allowed.join(", "), change.verb),
        "`opg jobs show` tells what became of it; a submitted one can be stopped with `opg tx cancel`",
    )
}

/// Lets a database transaction end with an error of the command line.
enum StoreOrCli {
    Store(StoreError),
    Cli(CliError),
}

impl From<StoreError> for StoreOrCli {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<StoreOrCli> for CliError {
    fn from(error: StoreOrCli) -> Self {
        match error {
            StoreOrCli::Store(error) => context::state(error),
            StoreOrCli::Cli(error) => error,
        }
    }
}
