//! Every family of language models against llama.cpp, and tokenizers without a model; see the generators in
//! `test/vectors/engine`.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use opg_engine::local::{Accelerator, LocalModel};
use opg_engine::{Limits, ModelManifest, Task, Trace, digest};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::models::cache;
use crate::tiny::{self, Tiny};

/// Both compute with 32-bit numbers, each with sums in its own order: 5e-6 is found. Gemma's GELU is looked up in a table of
/// half precision by llama.cpp: 9e-3 is found. Anything that is computed otherwise (another rotation, window, scale or
/// activation) is off by far more.
fn close(family: &str) -> f32 {
    if family == "gemma3" { 0.03 } else { 5e-5 }
}

#[derive(Deserialize)]
struct Families {
    ids: Vec<u32>,
    every: usize,
    families: Vec<Family>,
}

#[derive(Deserialize)]
struct Family {
    family: String,
    sha256: String,
    picks: Vec<u32>,
    logits: Vec<Vec<f32>>,
}

#[test]
fn each_family_computes_what_llama_cpp_computes() {
    let vectors: Families =
        serde_json::from_str(include_str!("../../../../test/vectors/engine/families.json")).unwrap();
    assert_eq!(vectors.families.len(), 4);
    for family in vectors.families {
        let bytes = Tiny::family(family.family.clone().leak()).bytes();
        assert_eq!(hex(&Sha256::digest(&bytes)), family.sha256, "{}: not the same file", family.family);
        let model = tiny::load(&bytes).unwrap();
        let mut sequence = model.lockstep(1, vectors.ids.len()).unwrap();
        let mut farthest: f32 = 0.0;
        for (at, id) in vectors.ids.iter().enumerate() {
            let row = sequence.logits(&[*id]).unwrap().remove(0);
            if at % vectors.every == 0 {
                let expected = &family.logits[at / vectors.every];
                let gaps = row.iter().zip(expected).map(|(a, b)| (a - b).abs());
                farthest = gaps.fold(farthest, f32::max);
            }
            let best = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let gap = best - row[family.picks[at] as usize];
            assert!(
                gap < close(&family.family),
                "{}: another token at position {at}, by {gap}",
                family.family
            );
        }
        println!("{}: logits differ by at most {farthest:e}", family.family);
        assert!(farthest < close(&family.family), "{}: logits differ by {farthest}", family.family);
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

#[derive(Deserialize)]
struct Tokenizers {
    texts: Vec<String>,
    tokenizers: Vec<Ids>,
}

#[derive(Deserialize)]
struct Ids {
    file: String,
    sha256: String,
    ids: Vec<Vec<u32>>,
}

/// Control tokens that llama.cpp makes of text although it is told not to, where pieces happen to join into their names.
/// Here no text becomes a control token.
const JOINED: [&str; 1] = ["<start_of_turn>user\nhello<end_of_turn><bos><0x41>"];

#[test]
fn token_ids_are_those_of_llama_cpp_for_every_tokenizer_that_is_there() {
    let vectors: Tokenizers =
        serde_json::from_str(include_str!("../../../../test/vectors/engine/tokenizers.json")).unwrap();
    for Ids { file, sha256, ids } in vectors.tokenizers {
        let Some(path) = optional(&file, &sha256) else { continue };
        let tokenizer = opg_engine::local::TokenIds::load(&path).unwrap();
        for (text, ids) in vectors.texts.iter().zip(ids) {
            if !JOINED.contains(&text.as_str()) {
                assert_eq!(tokenizer.encode(text).unwrap(), ids, "{file}: {text:?}");
            }
        }
    }
}

#[derive(Deserialize)]
struct Gemma3 {
    file: String,
    sha256: String,
    answers: Vec<Answer>,
}

#[derive(Deserialize)]
struct Answer {
    text: String,
    prompt: Vec<u32>,
    tokens: Vec<u32>,
    gaps: Vec<f64>,
}

/// As for SmolLM2 in `reference.rs`: both engines round activations, each in its own way.
const NEAR_TIE: f64 = 0.5;
const MAX_DIFFERENT: f64 = 0.08;

#[test]
fn gemma_3_picks_what_llama_cpp_picks_but_for_near_ties() {
    let vectors: Gemma3 =
        serde_json::from_str(include_str!("../../../../test/vectors/engine/gemma3.json")).unwrap();
    let Some(path) = optional(&vectors.file, &vectors.sha256) else { return };
    let model = LocalModel::load(&manifest(&path), Accelerator::Cpu).unwrap();
    assert!(vectors.answers.len() >= 20);
    let (mut total, mut different) = (0, Vec::new());
    for Answer { text, prompt, tokens, gaps } in vectors.answers {
        let asked = opg_engine::Input::Chat(opg_engine::ChatInput::ask(text.clone()));
        assert_eq!(model.prompt(&asked).unwrap(), prompt, "{text:?}");
        let trace = Trace { input_tokens: prompt, output_tokens: tokens, ..Trace::default() };
        let picks = model.replay(&asked, &trace).unwrap();
        total += picks.len();
        let pairs = picks.iter().zip(&trace.output_tokens).zip(&gaps);
        different.extend(pairs.filter(|((pick, token), _)| pick != token).map(|(_, gap)| *gap));
    }
    println!("{} of {total} picks differ, at gaps {different:?}", different.len());
    assert!(different.iter().all(|gap| *gap < NEAR_TIE), "a clear choice differs: {different:?}");
    assert!((different.len() as f64) < MAX_DIFFERENT * total as f64, "{} of {total} differ", different.len());
}

fn manifest(weights: &Path) -> ModelManifest {
    ModelManifest {
        name: "gemma3".to_owned(),
        task: Task::Chat,
        weights: weights.to_owned(),
        tokenizer: None,
        config: None,
        weights_digest: digest::sha256_file(weights).unwrap(),
        tokenizer_digest: None,
        config_digest: None,
        limits: Limits { max_input_tokens: 4096, max_output_tokens: 512, ..Limits::default() },
    }
}

/// A file that tests can do without.
fn optional(name: &str, sha256: &str) -> Option<std::path::PathBuf> {
    let path = cache().join(name);
    match fs::read(&path) {
        Ok(bytes) => {
            assert_eq!(hex(&Sha256::digest(bytes)), sha256, "{name} is not the file of the vectors");
            Some(path)
        }
        Err(_) => {
            println!("skipped: {name} is not in the cache; script/fetch-extra brings it");
            None
        }
    }
}
