//! Proves the three published shapes and states the cost of it beside what ezkl 23 takes: `make bench-zk`.
//!
//! Each model is proved in a process of its own, which reads the model and the key from files, compiles the circuit, runs
//! the model, proves and verifies; its peak memory and its CPU time are those of all that. A setup is made before, once,
//! by another process, and is not measured.

#![allow(clippy::print_stdout)] // The figures are for people.
#![allow(clippy::expect_used)] // The shapes are shared with the tests.

#[path = "../tests/it/shapes.rs"]
mod shapes;

use std::error::Error;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use alloy_primitives::B256;
use opg_zkml::evm::encode_proof;
use opg_zkml::{Circuit, Model, ProvingKey, development_setup};

/// What ezkl 23 (halo2-KZG; public input and output, weights fixed in the key) took on two cores.
struct Peer {
    name: &'static str,
    model: fn() -> Model,
    cpu_seconds: f64,
    peak_mb: f64,
    proof_bytes: usize,
}

const PEERS: [Peer; 3] = [
    Peer { name: "4-16-16-3", model: shapes::tiny, cpu_seconds: 7.0, peak_mb: 326.0, proof_bytes: 3072 },
    Peer { name: "784-128-10", model: shapes::digits, cpu_seconds: 15.1, peak_mb: 641.0, proof_bytes: 3072 },
    Peer {
        name: "LeNet 28x28",
        model: shapes::lenet,
        cpu_seconds: 260.0,
        peak_mb: 11_127.0,
        proof_bytes: 4032,
    },
];

/// How often each model is proved; the medians are shown.
const RUNS: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().position(|argument| argument == "--prove" || argument == "--setup") {
        Some(at) if arguments[at] == "--prove" => prove(Path::new(&arguments[at + 1])),
        Some(at) => setup(Path::new(&arguments[at + 1]), arguments[at + 2].parse()?),
        None => compare(),
    }
}

fn compare() -> Result<(), Box<dyn Error>> {
    let program = std::env::current_exe()?;
    println!(
        "CPU seconds and peak memory of a whole proving process; \"proof only\" leaves out reading and compiling."
    );
    println!(
        "{:<12} {:>11} {:>8} {:>9} {:>9} {:>10} {:>7} {:>7} {:>6} | {:>7} {:>8} {:>8}",
        "model",
        "constraints",
        "terms",
        "CPU-s",
        "wall-s",
        "proof only",
        "peak MB",
        "proof B",
        "key MB",
        "CPU",
        "memory",
        "proof"
    );
    for (index, peer) in PEERS.iter().enumerate() {
        let folder = tempfile::tempdir()?;
        run(Command::new(&program).arg("--setup").arg(folder.path()).arg(index.to_string()))?;
        let mut rows = Vec::new();
        for _ in 0..RUNS {
            let line = run(Command::new(&program).arg("--prove").arg(folder.path()))?;
            rows.push(line.split_whitespace().map(str::parse).collect::<Result<Vec<f64>, _>>()?);
        }
        let median = |column: usize| {
            let mut values: Vec<f64> = rows.iter().map(|row| row[column]).collect();
            values.sort_by(f64::total_cmp);
            values[RUNS / 2]
        };
        let [constraints, terms, cpu, wall, only, peak, proof] = std::array::from_fn(median);
        let key = std::fs::metadata(folder.path().join("key"))?.len() as f64 / 1e6;
        println!(
            "{:<12} {constraints:>11} {terms:>8} {cpu:>9.3} {wall:>9.3} {only:>10.3} {peak:>7.0} {proof:>7} {key:>6.1} | {:>6.0}x {:>7.1}x {:>7.1}x",
            peer.name,
            peer.cpu_seconds / cpu,
            peer.peak_mb / peak,
            peer.proof_bytes as f64 / proof,
        );
    }
    Ok(())
}

fn run(command: &mut Command) -> Result<String, Box<dyn Error>> {
    let output = command.output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn setup(folder: &Path, index: usize) -> Result<(), Box<dyn Error>> {
    let circuit = Circuit::compile((PEERS[index].model)())?;
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
    let proof = key.prove(&circuit, &run, B256::ZERO, &mut rand::rng())?;
    let only = cpu_seconds()? - loaded;
    if !key.verifying_key().verify(B256::ZERO, &input, &run.output, &proof) {
        return Err("the proof does not verify".into());
    }
    println!(
        "{} {} {} {} {only} {} {}",
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
