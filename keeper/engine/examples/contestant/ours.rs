use std::path::Path;
use std::time::Instant;

use opg_engine::local::{Accelerator, LocalModel, Unobserved};
use opg_engine::{ChatInput, Input, Limits, ModelManifest, Task, Verdict, digest};

use super::{Contestant, Failure, PROMPT, prompt};

/// This engine.
pub(super) struct Ours(LocalModel);

impl Ours {
    pub(super) fn load(weights: &Path) -> Result<Self, Failure> {
        let beside = |name: &str| weights.with_file_name(name);
        let is_chat = weights.extension().is_some_and(|extension| extension == "gguf");
        let (tokenizer, config) = if is_chat {
            (None, None)
        } else {
            (Some(beside("tokenizer.json")), Some(beside("config.json")))
        };
        let hash = |path: &Option<std::path::PathBuf>| path.as_deref().map(digest::sha256_file).transpose();
        let manifest = ModelManifest {
            name: "contestant".to_owned(),
            task: if is_chat { Task::Chat } else { Task::Embedding },
            weights_digest: digest::sha256_file(weights)?,
            tokenizer_digest: hash(&tokenizer)?,
            config_digest: hash(&config)?,
            weights: weights.to_owned(),
            tokenizer,
            config,
            limits: Limits { max_input_tokens: 4096, max_output_tokens: 4096, ..Limits::default() },
        };
        Ok(Ours(LocalModel::load(&manifest, Accelerator::Cpu)?))
    }
}

impl Contestant for Ours {
    fn prefill(&mut self, tokens: usize) -> Result<f64, Failure> {
        let mut sequence = self.0.lockstep(1, tokens)?;
        let started = Instant::now();
        sequence.greedy(&prompt(0, tokens))?;
        Ok(started.elapsed().as_secs_f64())
    }

    fn decode(&mut self, sequences: usize, tokens: usize) -> Result<f64, Failure> {
        let mut lockstep = self.0.lockstep(sequences, PROMPT + tokens)?;
        let prompts: Vec<u32> = (0..sequences).flat_map(|at| prompt(at, PROMPT)).collect();
        let mut last = lockstep.greedy(&prompts)?;
        let started = Instant::now();
        for _ in 0..tokens {
            last = lockstep.greedy(&last)?;
        }
        Ok(started.elapsed().as_secs_f64())
    }

    fn embed(&mut self, texts: usize, tokens: usize) -> Result<f64, Failure> {
        let texts: Vec<Vec<u32>> = (0..texts).map(|at| prompt(at, tokens)).collect();
        let started = Instant::now();
        self.0.embed_tokens(&texts)?;
        Ok(started.elapsed().as_secs_f64())
    }

    fn check(&mut self, tokens: usize) -> Result<(f64, f64), Failure> {
        let question = "The sea is deep and blue. ".repeat(14) + "Tell me a very long story.";
        let asked = ChatInput { max_tokens: Some(tokens as u32), ..ChatInput::ask(question) };
        let input = Input::Chat(asked);
        let begun = processor_time()?;
        let completion = self.0.run(&input, &mut Unobserved)?;
        let made = processor_time()?;
        if self.0.verify(&input, &completion.trace)? != Verdict::Match {
            return Err("the engine does not recognise its own answer".into());
        }
        let checked = processor_time()?;
        if completion.trace.output_tokens.len() < tokens {
            return Err("the answer ended early".into());
        }
        Ok((made - begun, checked - made))
    }
}

/// Seconds that this process's threads have computed, as Linux counts them.
fn processor_time() -> Result<f64, Failure> {
    let mut nanoseconds = 0.0;
    for thread in std::fs::read_dir("/proc/self/task")? {
        let counters = std::fs::read_to_string(thread?.path().join("schedstat"))?;
        nanoseconds += counters.split_whitespace().next().ok_or("no time in schedstat")?.parse::<f64>()?;
    }
    Ok(nanoseconds * 1e-9)
}
