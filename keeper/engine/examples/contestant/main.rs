//! One engine of the comparison that `make bench-engine` prints: reads what to run from standard input, a line each, and
//! answers with the seconds that it took. `benches/compare.py` starts one process per engine and asks them in turn.
//!
//! `contestant ours|candle MODEL THREADS`; requests are `prefill TOKENS`, `decode TOKENS`, `batch SEQUENCES TOKENS`,
//! `embed TEXTS TOKENS`, `check TOKENS` and `memory`.

mod bare;
mod ours;

use std::io::{BufRead, Write};
use std::path::Path;

type Failure = Box<dyn std::error::Error>;

/// Tokens before what is generated.
const PROMPT: usize = 128;

/// What is asked of every engine. All answers are in seconds.
trait Contestant {
    /// Reads a prompt of so many tokens.
    fn prefill(&mut self, tokens: usize) -> Result<f64, Failure>;

    /// Generates so many tokens after a prompt, greedily, in each of so many sequences.
    fn decode(&mut self, sequences: usize, tokens: usize) -> Result<f64, Failure>;

    /// Embeds so many texts of so many tokens.
    fn embed(&mut self, texts: usize, tokens: usize) -> Result<f64, Failure>;

    /// Processor time of generating so many tokens after a prompt, and of checking them again.
    fn check(&mut self, _tokens: usize) -> Result<(f64, f64), Failure> {
        Err("only one's own answers can be checked".into())
    }
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [engine, model, threads] = arguments.as_slice() else {
        return Err("usage: contestant ours|candle MODEL THREADS".into());
    };
    rayon::ThreadPoolBuilder::new().num_threads(threads.parse()?).build_global()?;
    let before = resident()?;
    let model = Path::new(model);
    let mut contestant: Box<dyn Contestant> = match engine.as_str() {
        "ours" => Box::new(ours::Ours::load(model)?),
        "candle" => bare::load(model)?,
        other => return Err(format!("no engine is called `{other}`").into()),
    };
    say("ready")?;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let mut words = line.split_whitespace();
        let request = words.next().unwrap_or_default();
        let numbers: Vec<usize> = words.map(str::parse).collect::<Result<_, _>>()?;
        let answer = match (request, numbers.as_slice()) {
            ("prefill", [tokens]) => contestant.prefill(*tokens)?.to_string(),
            ("decode", [tokens]) => contestant.decode(1, *tokens)?.to_string(),
            ("batch", [sequences, tokens]) => contestant.decode(*sequences, *tokens)?.to_string(),
            ("embed", [texts, tokens]) => contestant.embed(*texts, *tokens)?.to_string(),
            ("check", [tokens]) => {
                let (made, checked) = contestant.check(*tokens)?;
                format!("{made} {checked}")
            }
            ("memory", []) => (resident()? - before).to_string(),
            _ => return Err(format!("not understood: `{line}`").into()),
        };
        say(&answer)?;
    }
    Ok(())
}

fn say(answer: &str) -> std::io::Result<()> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{answer}")?;
    output.flush()
}

/// Token ids without a pattern, the same in every engine.
fn prompt(sequence: usize, tokens: usize) -> Vec<u32> {
    (0..tokens).map(|at| (100 + (sequence * 31 + at) * 7919 % 28_000) as u32).collect()
}

/// Bytes of memory that are resident.
fn resident() -> Result<f64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kilobytes * 1024.0)
}
