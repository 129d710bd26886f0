//! Proves the three published shapes and states the cost of it beside what ezkl 23 takes: `make bench-zk`.
//!
//! Each model is proved in a process of its own, which reads the model and the key from files, compiles the circuit, runs
//! the model, proves and verifies; its peak memory and its CPU time are those of all that. A setup is made before, once,
//! by another process, and is not measured.

#![allow(clippy::print_stdout)] // The figures are for people.
#![allow(clippy::expect_used)] // The shapes are shared with the tests.

#[allow(dead_code, reason = "shared with the tests; each benchmark uses some of it")]
#[path = "../tests/it/shapes.rs"]
mod shapes;
mod support;

use std::error::Error;

use opg_zkml::Model;
use support::{make_key, medians, serve};

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
    if serve(|number| (PEERS[number].model)())? {
        return Ok(());
    }
    println!(
        "CPU seconds and peak memory of a whole proving process; \"proof only\" leaves out reading and compiling, of which \
         \"witness\" is running the model."
    );
    println!(
        "{:<12} {:>11} {:>8} {:>9} {:>9} {:>10} {:>8} {:>7} {:>7} {:>6} | {:>7} {:>8} {:>8}",
        "model",
        "constraints",
        "terms",
        "CPU-s",
        "wall-s",
        "proof only",
        "witness",
        "peak MB",
        "proof B",
        "key MB",
        "CPU",
        "memory",
        "proof"
    );
    for (number, peer) in PEERS.iter().enumerate() {
        let folder = tempfile::tempdir()?;
        make_key(folder.path(), number)?;
        let figures = medians(folder.path(), RUNS)?;
        let key = std::fs::metadata(folder.path().join("key"))?.len() as f64 / 1e6;
        println!(
            "{:<12} {:>11} {:>8} {:>9.3} {:>9.3} {:>10.3} {:>8.4} {:>7.0} {:>7} {key:>6.1} | {:>6.0}x {:>7.1}x {:>7.1}x",
            peer.name,
            figures.constraints,
            figures.terms,
            figures.cpu,
            figures.wall,
            figures.only,
            figures.witness,
            figures.peak_mb,
            figures.proof_bytes,
            peer.cpu_seconds / figures.cpu,
            peer.peak_mb / figures.peak_mb,
            peer.proof_bytes as f64 / figures.proof_bytes,
        );
    }
    Ok(())
}
