//! Replays random sequences of actions on the compiled contracts and on the reference model of staking and rewards, and
//! fails where they differ: docs/staking.md and docs/rewards.md.
//!
//!   opg-staking-model [--sequences N] [--length N] [--seed N] [--artifacts FOLDER]

use std::{
    io::Write as _,
    path::PathBuf,
    process::ExitCode,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Instant,
};

use opg_staking_model::{
    actions::sequence,
    replay::{Replay, Tally},
    shrink::shrink,
    world::World,
};

/// What is replayed.
struct Options {
    sequences: u64,
    length: usize,
    seed: u64,
    artifacts: PathBuf,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self { sequences: 2_000, length: 64, seed: 0x4f_5047, artifacts: "out".into() };
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{name} has no value"))?;
            let number = || value.parse().map_err(|_| format!("{name} {value} is not a whole number"));
            match name.as_str() {
                "--sequences" => options.sequences = number()?,
                "--length" => options.length = number()? as usize,
                "--seed" => options.seed = number()?,
                "--artifacts" => options.artifacts = value.into(),
                _ => {
                    return Err(format!(
                        "{name} is unknown; there are --sequences, --length, --seed, --artifacts"
                    ));
                }
            }
        }
        Ok(options)
    }
}

fn main() -> ExitCode {
    let mut out = std::io::stdout();
    match Options::parse(std::env::args().skip(1)).and_then(|options| run(&options)) {
        Ok(report) => {
            let written = write!(out, "{report}");
            if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "model: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Replays all sequences on all cores. Returns what was done, or how the first one failed.
fn run(options: &Options) -> Result<String, String> {
    let started = Instant::now();
    let world = World::deploy(&options.artifacts).map_err(|error| error.to_string())?;
    let next = AtomicU64::new(0);
    let (tally, failed) = (Mutex::new(Tally::new()), Mutex::new(None));
    let work = || {
        let mut mine = Tally::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= options.sequences {
                break;
            }
            let seed = options.seed.wrapping_add(number);
            match Replay::run(&world, &sequence(seed, options.length)) {
                Ok(done) => add(&mut mine, &done),
                Err(_) => {
                    next.store(options.sequences, Ordering::Relaxed);
                    if let Ok(mut failed) = failed.lock() {
                        *failed = Some(seed);
                    }
                }
            }
        }
        if let Ok(mut tally) = tally.lock() {
            add(&mut tally, &mine);
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    if let Ok(Some(seed)) = failed.into_inner() {
        return Err(explain(&world, seed, options.length));
    }
    let tally = tally.into_inner().unwrap_or_default();
    let mut report = String::new();
    for (kind, [done, refused]) in &tally {
        report += &format!("{kind:?}: {done} done, {refused} refused\n");
    }
    let actions: u64 = tally.values().flatten().sum();
    Ok(report
        + &format!(
            "{} sequences, {actions} actions, seeds from {}: contracts and model agree ({:.0} s, {threads} threads)\n",
            options.sequences,
            options.seed,
            started.elapsed().as_secs_f64(),
        ))
}

/// What fails, and the shortest sequence found that does.
fn explain(world: &World, seed: u64, length: usize) -> String {
    let (actions, difference) = shrink(world, &sequence(seed, length));
    let mut text = format!("seed {seed}: {} of {length} actions are enough:\n", actions.len());
    for action in &actions {
        text += &format!("  {action:?}\n");
    }
    text += &difference.map_or_else(|| "it does not fail a second time".into(), |found| found.to_string());
    text + &format!("\nAgain: make test-model MODEL=\"--seed {seed} --sequences 1\"")
}

fn add(sum: &mut Tally, more: &Tally) {
    for (kind, [done, refused]) in more {
        let entry = sum.entry(*kind).or_default();
        entry[0] += done;
        entry[1] += refused;
    }
}
