//! Tokens per second, and how much of the memory's bandwidth that is.

use std::time::Instant;

use candle_core::{DType, Device, Tensor};
use opg_engine::local::LocalModel;
use serde_json::{Value, json};

use crate::Failure;

const BATCHES: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];
const PROMPT: usize = 128;
const STEPS: usize = 64;
/// Seconds after which the processor is not asked for a larger batch.
const PATIENCE: f64 = 20.0;

pub(crate) fn measure(cpu: &LocalModel, gpu: &LocalModel, weights: u64) -> Result<Value, Failure> {
    let bandwidth = bandwidth()?;
    if let Some(bandwidth) = bandwidth {
        eprintln!("memory of the GPU: {:.0} GB/s read and written by a copy", bandwidth / 1e9);
    }
    let gpu = device("gpu", gpu, weights, bandwidth)?;
    let cpu = device("cpu", cpu, weights, None)?;
    Ok(json!({ "weightsBytes": weights, "gpuBandwidth": bandwidth, "gpu": gpu, "cpu": cpu }))
}

fn device(
    name: &str,
    model: &LocalModel,
    weights: u64,
    bandwidth: Option<f64>,
) -> Result<Vec<Value>, Failure> {
    let mut lines = Vec::new();
    eprintln!(
        "| device | batch | prefill tokens/s | decode tokens/s | weights read, GB/s | of the bandwidth |"
    );
    eprintln!("|---|---:|---:|---:|---:|---:|");
    // Once to warm up: kernels are loaded and memory is set aside at first use.
    run(model, 1)?;
    for batch in BATCHES {
        let started = Instant::now();
        let (prefill, decode) = run(model, batch)?;
        let prefill = (batch * PROMPT) as f64 / prefill;
        let steps = STEPS as f64 / decode;
        let read = steps * weights as f64;
        let share = bandwidth.map(|bandwidth| read / bandwidth);
        let shown = share.map_or_else(String::new, |share| format!("{:.1} %", share * 100.0));
        let tokens = steps * batch as f64;
        eprintln!("| {name} | {batch} | {prefill:.0} | {tokens:.0} | {:.1} | {shown} |", read / 1e9);
        lines.push(json!({
            "batch": batch, "prefill": prefill, "decode": tokens, "weightsRead": read, "share": share,
        }));
        if name == "cpu" && started.elapsed().as_secs_f64() > PATIENCE {
            break;
        }
    }
    Ok(lines)
}

/// Seconds of a prompt for each of `batch` sequences, and of the steps after it.
fn run(model: &LocalModel, batch: usize) -> Result<(f64, f64), Failure> {
    let mut state = model.lockstep(batch, PROMPT + STEPS)?;
    let prompt: Vec<u32> = (0..batch * PROMPT).map(|at| 100 + (at as u32 * 7919) % 40_000).collect();
    let started = Instant::now();
    let mut tokens = state.greedy(&prompt)?;
    let prefill = started.elapsed().as_secs_f64();
    let started = Instant::now();
    for _ in 0..STEPS {
        tokens = state.greedy(&tokens)?;
    }
    Ok((prefill, started.elapsed().as_secs_f64()))
}

/// Bytes per second that a copy of a gigabyte reads and writes.
fn bandwidth() -> Result<Option<f64>, Failure> {
    let Ok(device) = Device::new_cuda(0) else { return Ok(None) };
    let source = Tensor::zeros(1 << 28, DType::F32, &device)?;
    let target = Tensor::zeros(1 << 28, DType::F32, &device)?;
    target.slice_set(&source, 0, 0)?;
    device.synchronize()?;
    let (started, rounds) = (Instant::now(), 20);
    for _ in 0..rounds {
        target.slice_set(&source, 0, 0)?;
    }
    device.synchronize()?;
    Ok(Some(f64::from(rounds) * 2.0 * (1_u64 << 30) as f64 / started.elapsed().as_secs_f64()))
}
