//! The proving process: reads one order from standard input, proves, writes reports to standard output. Standard error is for
//! people.
//!
//! It ends when standard input does, so it never outlives its keeper, however that ended.

use std::{
    fs::File,
    io::{BufRead, BufReader, Error, Read, Write, stderr, stdin, stdout},
    process::ExitCode,
};

use opg_zkml::{Circuit, Model, ProveError, ProvingKey, evm};
use rustix::process::{Resource, Rlimit, setrlimit};

use super::message::{Order, Report};

/// The longest order: an input in hexadecimal, and some paths.
const LONGEST_ORDER: u64 = 1 << 26;

/// Steps before the proof itself: reading and compiling the model, reading the key.
const PREPARATION: usize = 2;

/// Entry point of the process; the caller's `main` does nothing else.
pub fn main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Standard error is the only place left to say it; a failure to do so changes nothing.
            let _ = writeln!(stderr(), "proving process: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve() -> std::io::Result<()> {
    let mut line = String::new();
    stdin().lock().take(LONGEST_ORDER).read_line(&mut line)?;
    let order: Order = serde_json::from_str(&line).map_err(Error::other)?;
    limit_resources(order.memory_limit)?;
    std::thread::spawn(die_with_the_keeper);
    match prove(&order) {
        Ok(proof) => report(&Report::Proof(proof.into())),
        Err(reason) => report(&Report::Impossible(reason)),
    }
}

/// The keeper never says a second thing: whatever is read, or no longer to be read, means the end.
fn die_with_the_keeper() {
    let _ = stdin().lock().read(&mut [0]);
    std::process::exit(1);
}

fn prove(order: &Order) -> Result<Vec<u8>, String> {
    let total = PREPARATION + ProvingKey::PARTS;
    let done = |parts: usize| {
        let count = |parts: usize| u32::try_from(parts).unwrap_or(u32::MAX);
        // Nobody listens any longer: the end will come from there.
        let _ = report(&Report::Parts(count(parts), count(total)));
    };
    let model = std::fs::read(&order.model).map_err(|error| format!("{}: {error}", order.model.display()))?;
    let model = Model::from_bytes(&model).map_err(|error| format!("{}: {error}", order.model.display()))?;
    let circuit = Circuit::compile(model).map_err(|error| error.to_string())?;
    done(1);
    let fault = |error: String| format!("{}: {error}", order.key.display());
    let file = File::open(&order.key).map_err(|error| fault(error.to_string()))?;
    let key = ProvingKey::read(BufReader::with_capacity(1 << 20, file))
        .map_err(|error| fault(error.to_string()))?;
    done(PREPARATION);
    let run = circuit.execute(&order.input).map_err(|error| error.to_string())?;
    let progress = |part: usize| done(PREPARATION + part);
    let proof = key
        .prove_reporting(&circuit, &run, order.statement, &mut rand::rng(), &progress)
        .map_err(|error: ProveError| error.to_string())?;
    Ok(evm::encode_proof(&proof))
}

fn report(report: &Report) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(report).map_err(Error::other)?;
    line.push(b'\n');
    let mut output = stdout().lock();
    output.write_all(&line)?;
    output.flush()
}

/// No core dump, and no more memory than the operator allows.
fn limit_resources(memory: Option<u64>) -> std::io::Result<()> {
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    if let Some(bytes) = memory {
        setrlimit(Resource::Data, Rlimit { current: Some(bytes), maximum: Some(bytes) })?;
    }
    Ok(())
}
