//! `opg genesis`

mod onchain;
mod table;

pub(in crate::commands) use self::{onchain::Deployment, table::percent};

use std::{
    ops::ControlFlow,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use opg_vesting::{
    GenesisError, Manifest,
    allocation::Allocation,
    genesis::{Observer, Stage, Step, build, preview, verify},
};

use crate::{
    args::{GenesisBuildArgs, GenesisCommand, GenesisVerifyArgs},
    error::{CliError, CliResult, Code},
    output::Output,
    progress::Progress,
    runtime::until_interrupted,
};

/// Runs one of the verbs.
pub(super) async fn run(command: &GenesisCommand, output: Output) -> CliResult {
    let quiet = output.is_json();
    match command {
        GenesisCommand::Build(args) => {
            let work = args.clone();
            let manifest = off_thread(quiet, move |observe| make(&work, observe)).await?;
            let place = args.out.as_deref().filter(|_| !args.dry_run.dry_run);
            output.result(&table::document(&manifest, place), || table::text(&manifest, place));
            Ok(())
        }
        GenesisCommand::Verify(args) => {
            let work = args.clone();
            let manifest = off_thread(quiet, move |observe| check(&work, observe)).await?;
            let deployed = until_interrupted(onchain::compare(&args.folder, &args.deployment)).await?;
            output.result(&table::verified(&manifest, &args.folder, deployed.as_deref()), || {
                let text = table::text(&manifest, None);
                let sources = args.allocation.is_some();
                format!("{text}\n\n{}", table::verdict(&args.folder, sources, deployed.as_deref()))
            });
            Ok(())
        }
    }
}

fn make(args: &GenesisBuildArgs, observe: Observer<'_>) -> Result<Manifest, GenesisError> {
    let allocation = Allocation::read(&args.allocation)?;
    let tge = args.tge.unwrap_or(allocation.tge);
    match &args.out {
        Some(out) if !args.dry_run.dry_run => {
            build(&allocation, &args.beneficiaries, tge, out, args.force, observe)
        }
        _ => preview(&allocation, &args.beneficiaries, tge, observe),
    }
}

fn check(args: &GenesisVerifyArgs, observe: Observer<'_>) -> Result<Manifest, GenesisError> {
    match (&args.allocation, &args.beneficiaries) {
        (Some(allocation), Some(beneficiaries)) => {
            let allocation = Allocation::read(allocation)?;
            verify(&args.folder, Some((&allocation, beneficiaries)), observe)
        }
        _ => verify(&args.folder, None, observe),
    }
}

/// Runs long work beside the signals: when asked to stop, it is let clean up after itself.
async fn off_thread(
    quiet: bool,
    work: impl FnOnce(Observer<'_>) -> Result<Manifest, GenesisError> + Send + 'static,
) -> CliResult<Manifest> {
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    let mut worker = tokio::task::spawn_blocking(move || {
        let mut reports = Reports::new(quiet);
        work(&mut |step| {
            reports.show(step);
            if asked.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
    });
    let ended = until_interrupted(async { Ok((&mut worker).await) }).await;
    let result = match ended {
        Ok(result) => result,
        Err(_) => {
            stop.store(true, Ordering::Relaxed);
            worker.await
        }
    };
    result.map_err(|error| CliError::internal("genesis", error))?.map_err(|error| fault(&error))
}

/// Shows a change of step at once, and progress within one now and then.
struct Reports {
    progress: Progress,
    shown: Option<(String, Stage, Instant)>,
}

impl Reports {
    fn new(quiet: bool) -> Self {
        Self { progress: Progress::new(quiet), shown: None }
    }

    fn show(&mut self, step: Step<'_>) {
        const PAUSE: Duration = Duration::from_secs(1);
        let fresh = self.shown.as_ref().is_some_and(|(name, stage, at)| {
            name == step.name && *stage == step.stage && at.elapsed() < PAUSE
        });
        if fresh {
            return;
        }
        let what = match step.stage {
            Stage::Rows => "rows",
            Stage::Tree => "nodes of the tree",
            Stage::Proofs => "proofs",
        };
        self.progress.step(&format!("{}: {} {what}", step.name, step.rows));
        self.shown = Some((step.name.to_owned(), step.stage, Instant::now()));
    }
}

/// The error of the library with a code and a remedy.
pub(super) fn fault(error: &GenesisError) -> CliError {
    let new = |code, input: &dyn std::fmt::Display, remedy| CliError::new(code, input, error, remedy);
    match error {
        GenesisError::Allocation(_) => {
            new(Code::GenesisSource, &"allocation", "mend the field; docs/genesis.md describes the file")
        }
        GenesisError::Row { path, line, reason } => CliError::new(
            Code::GenesisSource,
            format!("{}, line {line}", path.display()),
            reason,
            "mend the line; docs/genesis.md describes the tables",
        ),
        GenesisError::Io { path, source } => CliError::file(path, source),
        GenesisError::Manifest { path, field, reason } => CliError::new(
            Code::GenesisInvalid,
            format!("{}, {field}", path.display()),
            reason,
            "do not trust this genesis, or name the sources that it was built from",
        ),
        GenesisError::Differs { path, place, reason } => CliError::new(
            Code::GenesisInvalid,
            format!("{}, {place}", path.display()),
            reason,
            "do not trust this genesis; build it again from its sources and compare",
        ),
        GenesisError::Occupied { path, reason } => CliError::new(
            Code::Exists,
            path.display(),
            reason,
            "choose another --out; --force replaces another genesis, and nothing else",
        ),
        GenesisError::Interrupted => CliError::interrupted(),
        _ => new(Code::Argument, &"genesis", "look the number up in manifest.json"),
    }
}

/// A remark on a path for people.
fn shown(path: &Path) -> String {
    path.display().to_string()
}
