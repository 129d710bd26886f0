//! Proving in a process of its own, and what that process took.

use std::error::Error;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use alloy_primitives::B256;
use opg_zkml::evm::encode_proof;
use opg_zkml::{Circuit, Model, ProvingKey, development_setup};

use crate::shapes;

/// What one proof took.
#[allow(dead_code, reason = "each benchmark shows some of them")]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figures {
    /// Constraints and terms of the circuit.
    pub(crate) constraints: f64,
    pub(crate) terms: f64,
    /// CPU and wall seconds of the whole process.
    pub(crate) cpu: f64,
    pub(crate) wall: f64,
    /// CPU seconds without reading and compiling.
    pub(crate) only: f64,
    /// CPU seconds of running the model and computing the witness.
    pub(crate) witness: f64,
    pub(crate) peak_mb: f64,
    pub(crate) proof_bytes: f64,
}

/// Does what a process that [`medians`] or [`make_key`] starts is asked for; `false` where nothing of that kind is.
pub(crate) fn serve(model: impl Fn(usize) -> Model) -> Result<bool, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().position(|argument| argument == "--prove" || argument == "--setup") {
        Some(at) if arguments[at] == "--prove" => prove(Path::new(&arguments[at + 1]))?,
        Some(at) => setup(Path::new(&arguments[at + 1]), model(arguments[at + 2].parse()?))?,
        None => return Ok(false),
    }
    Ok(true)
}

/// Makes the model with that number, and a key for it, in another process.
pub(crate) fn make_key(folder: &Path, number: usize) -> Result<(), Box<dyn Error>> {
    run(Command::new(std::env::current_exe()?).arg("--setup").arg(folder).arg(number.to_string()))?;
    Ok(())
}

/// The medians of `runs` processes that prove with the model and the key of the folder.
pub(crate) fn medians(folder: &Path, runs: usize) -> Result<Figures, Box<dyn Error>> {
    let program = std::env::current_exe()?;
    let mut rows = Vec::new();
    for _ in 0..runs {
        let line = run(Command::new(&program).arg("--prove").arg(folder))?;
        rows.push(line.split_whitespace().map(str::parse).collect::<Result<Vec<f64>, _>>()?);
    }
    let median = |column: usize| {
        let mut values: Vec<f64> = rows.iter().map(|row| row[column]).collect();
        values.sort_by(f64::total_cmp);
        values[runs / 2]
    };
    let [constraints, terms, cpu, wall, only, witness, peak_mb, proof_bytes] = std::array::from_fn(median);
    Ok(Figures { constraints, terms, cpu, wall, only, witness, peak_mb, proof_bytes })
}

fn run(command: &mut Command) -> Result<String, Box<dyn Error>> {
    let output = command.output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn setup(folder: &Path, model: Model) -> Result<(), Box<dyn Error>> {
    let circuit = Circuit::compile(model)?;
    std::fs::write(folder.join("model"), circuit.model().to_bytes())?;
    let key = development_setup(&circuit, &mut rand::rng())?;
    key.write(std::io::BufWriter::new(File::create(folder.join("key"))?))?;
    Ok(())
}

fn prove(folder: &Path) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let circuit = Circuit::compile(Model::from_bytes(&std::fs::read(folder.join("model"))?)?)?;
    let key = ProvingKey::read(BufReader::with_capacity(1 << 20, File::open(folder.join("key"))?))?;
    let input = shapes::input(circuit.model(), 99);
    let loaded = cpu_seconds()?;
    let run = circuit.execute(&input)?;
    let witness = cpu_seconds()? - loaded;
    let proof = key.prove(&circuit, &run, B256::ZERO, &mut rand::rng())?;
    let only = cpu_seconds()? - loaded;
    if !key.verifying_key().verify(B256::ZERO, &input, &run.output, &proof) {
        return Err("the proof does not verify".into());
    }
    println!(
        "{} {} {} {} {only} {witness} {} {}",
        circuit.constraints().constraints(),
        circuit.constraints().terms(),
        cpu_seconds()?,
        start.elapsed().as_secs_f64(),
        peak_mb()?,
        encode_proof(&proof).len(),
    );
    Ok(())
}

/// The time that all threads have spent on a core, in nanoseconds, as the kernel counts it.
fn cpu_seconds() -> Result<f64, Box<dyn Error>> {
    let mut total = 0.0;
    for task in std::fs::read_dir("/proc/self/task")? {
        let line = std::fs::read_to_string(task?.path().join("schedstat"))?;
        total += line.split_whitespace().next().unwrap_or("0").parse::<f64>()?;
    }
    Ok(total / 1e9)
}

fn peak_mb() -> Result<f64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse::<f64>()? / 1000.0)
}
