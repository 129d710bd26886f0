//! Hostile model files by the million: whatever is in them, loading ends soon, with a model or with a reason.
//!
//! `OPG_FUZZ_SECONDS=3600 cargo test -p opg-engine --test it fuzz -- --ignored --nocapture`; `OPG_SEED` repeats a run.

use std::time::{Duration, Instant};

use opg_engine::local::Unobserved;
use opg_engine::{ChatInput, Constraint, Input};

use crate::random::{Random, computed, seconds};
use crate::tiny::{Meta, Tiny, load};

/// Longest computation for one file of 40 kilobytes.
const PATIENCE: Duration = Duration::from_secs(10);

/// Calls `attempt` until the time is up; says how many there were and how many files loaded.
fn fuzz(mut attempt: impl FnMut(&mut Random) -> bool) {
    let seed = Random::any_seed();
    println!("seed {seed}");
    let mut random = Random(seed);
    let until = Instant::now() + seconds("OPG_FUZZ_SECONDS", 20);
    let (mut attempts, mut loaded, mut longest) = (0_u64, 0_u64, Duration::ZERO);
    while Instant::now() < until {
        let before = random.0;
        let started = computed();
        loaded += u64::from(attempt(&mut random));
        let taken = computed().saturating_sub(started);
        longest = longest.max(taken);
        assert!(taken < PATIENCE, "{taken:?} for the file of OPG_SEED={before}");
        attempts += 1;
    }
    println!("{attempts} files, {loaded} of them loaded, the longest computed for {longest:?}");
    assert!(attempts > 0);
}

/// Loads a file and asks it something.
fn attempt(bytes: &[u8]) -> bool {
    let Ok(model) = load(bytes) else { return false };
    for content in ["hello", "<|im_end|>", "\u{FDD0} héllo 🦙\n\n  "] {
        // An answer or an error: both are fine, a panic is not.
        let input = Input::Chat(ChatInput { max_tokens: Some(2), ..ChatInput::ask(content) });
        let _ = model.run(&input, &mut Unobserved);
    }
    true
}

#[test]
#[ignore = "runs as long as it is told to"]
fn fuzz_gguf_files() {
    let whole = Tiny::new().bytes();
    // Beyond the header there are only numbers.
    let header = whole.len() - 40_000.min(whole.len() / 2);
    fuzz(|random| {
        let mut bytes = whole.clone();
        for _ in 0..1 + random.below(5) {
            let at = random.below(header);
            match random.below(6) {
                0 => bytes[at] = random.next() as u8,
                1 => bytes[at] ^= 1 << random.below(8),
                2 => bytes.truncate(at.max(1)),
                3 => {
                    let value = [0, 1, u64::MAX, u64::MAX / 2, 1 << 32, 0x8000_0000][random.below(6)];
                    let end = (at + 8).min(bytes.len());
                    bytes[at.min(end)..end].copy_from_slice(&value.to_le_bytes()[..end - at.min(end)]);
                }
                4 => {
                    let end = (at + random.below(64)).min(bytes.len());
                    bytes.drain(at.min(end)..end);
                }
                _ => {
                    let from = random.below(header).min(bytes.len());
                    let piece = bytes[from..(from + random.below(64)).min(bytes.len())].to_vec();
                    let at = at.min(bytes.len());
                    bytes.splice(at..at, piece);
                }
            }
            if bytes.len() < header {
                break;
            }
        }
        attempt(&bytes)
    });
}

#[test]
#[ignore = "runs as long as it is told to"]
fn fuzz_tokenizers() {
    let Tiny { metadata, .. } = Tiny::new();
    let Some((_, Meta::Texts(tokens))) = metadata.iter().find(|(key, _)| *key == "tokenizer.ggml.tokens")
    else {
        panic!("no tokens");
    };
    let symbols =
        ["h", "e", "l", "o", "he", "\u{2581}", "<0x41>", "<|im_end|>", "\u{0120}", "\n", "", " ", "é", "🦙"];
    fuzz(|random| {
        let mut tokens = tokens.clone();
        let mut kinds: Vec<i32> = (0..tokens.len()).map(|at| if at < 3 { 3 } else { 1 }).collect();
        for _ in 0..random.below(40) {
            let at = random.below(tokens.len());
            let text: String = (0..random.below(4)).map(|_| symbols[random.below(symbols.len())]).collect();
            match random.below(4) {
                0 => tokens[at] = text.into_bytes(),
                1 => tokens[at] = vec![random.next() as u8; random.below(4)],
                2 => tokens[at] = format!("<0x{:02X}>", random.below(256)).into_bytes(),
                _ => kinds[at] = random.below(9) as i32 - 1,
            }
        }
        let merges = (0..random.below(60)).map(|_| {
            let mut token = || String::from_utf8_lossy(&tokens[random.below(tokens.len())]).into_owned();
            format!("{} {}", token(), token()).into_bytes()
        });
        let merges = merges.collect();
        let scores = tokens.iter().map(|_| match random.below(20) {
            0 => f32::NAN,
            1 => f32::INFINITY,
            _ => random.below(2000) as f32 - 1000.0,
        });
        let scores = scores.collect();
        let mut tiny = Tiny::new()
            .with("tokenizer.ggml.model", Meta::Text(["gpt2", "llama"][random.below(2)]))
            .with("tokenizer.ggml.pre", Meta::Text(["smollm", "qwen2"][random.below(2)]))
            .with("tokenizer.ggml.tokens", Meta::Texts(tokens))
            .with("tokenizer.ggml.token_type", Meta::I32s(kinds))
            .with("tokenizer.ggml.merges", Meta::Texts(merges));
        tiny.metadata.push(("tokenizer.ggml.scores", Meta::F32s(scores)));
        tiny.metadata.push(("tokenizer.ggml.unknown_token_id", Meta::U32(random.below(300) as u32)));
        attempt(&tiny.bytes())
    });
}

#[test]
#[ignore = "runs as long as it is told to"]
fn fuzz_templates() {
    let parts = [
        "{% for m in messages %}",
        "{% endfor %}",
        "{{ m.content }}",
        "{{ messages }}",
        "{% if m.role == 'user' %}",
        "{% else %}",
        "{% endif %}",
        "{% set x = x ~ x %}",
        "{{ x }}",
        "{% macro f(a) %}",
        "{{ f(f) }}",
        "{% endmacro %}",
        "{{ range(100000) }}",
        "{{ 'a' * 100000 }}",
        "{{ messages[0] }}",
        "{{ raise_exception('no') }}",
        "{{",
        "}}",
        "{%",
        "{# ",
        "#}",
        "<|im_start|>",
        "{{ bos_token }}",
        "{{ x | join(x) }}",
        "{{ 1 / 0 }}",
        "{{ loop.index }}",
        "é🦙",
        "{% set x = ['a'] * 9999 %}",
        "{{ 9999999999 ** 99 }}",
        "{% filter upper %}",
        "{% endfilter %}",
        "{{ (((((1",
        "-%}",
    ];
    fuzz(|random| {
        let template: String = (0..random.below(14)).map(|_| parts[random.below(parts.len())]).collect();
        attempt(&Tiny::new().with("tokenizer.chat_template", Meta::Text(template.leak())).bytes())
    });
}

#[test]
#[ignore = "runs as long as it is told to"]
fn fuzz_constraints() {
    let model = load(&Tiny::new().bytes()).unwrap();
    let parts = [
        "a",
        "(",
        ")",
        "[",
        "]",
        "|",
        "*",
        "+",
        "?",
        "{3}",
        "{1000}",
        "{2,}",
        "(?i:",
        "(?:",
        "\\w",
        "\\b",
        "^",
        "$",
        ".",
        "\\p{L}",
        "[^a]",
        "[a&&b]",
        "é",
        "\\x{10FFFF}",
        "(?s:.)",
        "(?-u:\\xFF)",
        "$^",
        "\\",
        "he",
        "ll",
    ];
    fuzz(|random| {
        let pattern: String = (0..random.below(12)).map(|_| parts[random.below(parts.len())]).collect();
        let constraint = Some(Constraint::Regex(pattern));
        let input = Input::Chat(ChatInput { max_tokens: Some(6), constraint, ..ChatInput::ask("hello") });
        model.run(&input, &mut Unobserved).is_ok()
    });
}
