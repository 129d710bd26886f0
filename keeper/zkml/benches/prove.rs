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
    /// Gas of its verifier, and what the snapshot of ours calls the same.
    gas: f64,
    gas_of: &'static str,
}

const PEERS: [Peer; 3] = [
    Peer {
        name: "4-16-16-3",
        model: shapes::tiny,
        cpu_seconds: 7.0,
        peak_mb: 326.0,
        proof_bytes: 3072,
        gas: 465_573.0,
        gas_of: "verify, perceptron 4-16-16-3",
    },
    Peer {
        name: "784-128-10",
        model: shapes::digits,
        cpu_seconds: 15.1,
        peak_mb: 641.0,
        proof_bytes: 3072,
        gas: 1_071_602.0,
        gas_of: "verify, perceptron 784-128-10 and LeNet",
    },
    Peer {
        name: "LeNet 28x28",
        model: shapes::lenet,
        cpu_seconds: 260.0,
        peak_mb: 11_127.0,
        proof_bytes: 4032,
        gas: 1_170_995.0,
        gas_of: "verify, perceptron 784-128-10 and LeNet",
    },
];

/// How often each model is proved; the medians are shown.
const RUNS: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    if serve(|number| (PEERS[number].model)())? {
        return Ok(());
    }
    println!(
        "Right of the bar: how many times less CPU, memory and proof than ezkl 23 takes, and our gas as a share of its; the \
         goals are 75x CPU on each, 25x memory on LeNet, 0.44x gas on the first and 0.36x on the others. Gas is that of \
         snapshots/Zk.json, which `make gas` writes."
    );
    println!(
        "CPU seconds and peak memory of a whole proving process; \"proof only\" leaves out reading and compiling, of which \
         \"witness\" is running the model."
    );
    println!(
        "{:<12} {:>11} {:>8} {:>9} {:>9} {:>10} {:>8} {:>7} {:>7} {:>6} {:>8} | {:>7} {:>8} {:>8} {:>6}",
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
        "gas",
        "CPU",
        "memory",
        "proof",
        "gas"
    );
    let snapshot = gas_snapshot()?;
    for (number, peer) in PEERS.iter().enumerate() {
        let folder = tempfile::tempdir()?;
        make_key(folder.path(), number)?;
        let figures = medians(folder.path(), RUNS)?;
        let gas = gas_in(&snapshot, peer.gas_of)?;
        let key = std::fs::metadata(folder.path().join("key"))?.len() as f64 / 1e6;
        println!(
            "{:<12} {:>11} {:>8} {:>9.3} {:>9.3} {:>10.3} {:>8.4} {:>7.0} {:>7} {key:>6.1} {gas:>8.0} | {:>6.0}x {:>7.1}x {:>7.1}x {:>5.2}x",
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
            gas / peer.gas,
        );
    }
    Ok(())
}

/// What the contracts' gas tests measured.
fn gas_snapshot() -> Result<serde_json::Value, Box<dyn Error>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../snapshots/Zk.json");
    Ok(serde_json::from_slice(&std::fs::read(path)?)?)
}

fn gas_in(snapshot: &serde_json::Value, name: &str) -> Result<f64, Box<dyn Error>> {
    let gas = snapshot[name].as_str().ok_or_else(|| format!("snapshots/Zk.json has no entry {name:?}"))?;
    Ok(gas.parse()?)
}
