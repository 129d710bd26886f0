//! A complete GGUF model of a few kilobytes, and ways to break it.

use std::io::Write;

use opg_engine::local::{Accelerator, LocalModel};
use opg_engine::{EngineError, Limits, ModelManifest, Task, digest};
use tempfile::NamedTempFile;

const EMBED: usize = 32;
const FFN: usize = 64;

/// A metadata value as the file format writes it.
#[derive(Clone)]
pub(crate) enum Meta {
    U32(u32),
    F32(f32),
    Text(&'static str),
    Texts(Vec<Vec<u8>>),
    I32s(Vec<i32>),
    F32s(Vec<f32>),
}

/// The parts of a file, to be changed before they are written.
#[derive(Clone)]
pub(crate) struct Tiny {
    pub(crate) metadata: Vec<(&'static str, Meta)>,
    /// Name, shape as written (columns first), element type.
    pub(crate) tensors: Vec<(String, Vec<u64>, u32)>,
    pub(crate) version: u32,
}

impl Tiny {
    /// A model that loads and runs.
    pub(crate) fn new() -> Self {
        let mut tokens: Vec<Vec<u8>> = ["<|end|>", "<|im_start|>", "<|im_end|>"].map(Vec::from).into();
        let mut kinds = vec![3; tokens.len()];
        for symbol in byte_symbols().into_iter().chain(["he".to_owned(), "ll".to_owned()]) {
            tokens.push(symbol.into_bytes());
            kinds.push(1);
        }
        let vocab = tokens.len() as u64;
        let metadata = vec![
            ("general.architecture", Meta::Text("llama")),
            ("llama.block_count", Meta::U32(1)),
            ("llama.context_length", Meta::U32(64)),
            ("llama.embedding_length", Meta::U32(EMBED as u32)),
            ("llama.feed_forward_length", Meta::U32(FFN as u32)),
            ("llama.attention.head_count", Meta::U32(4)),
            ("llama.attention.head_count_kv", Meta::U32(2)),
            ("llama.attention.layer_norm_rms_epsilon", Meta::F32(1e-5)),
            ("tokenizer.ggml.model", Meta::Text("gpt2")),
            ("tokenizer.ggml.pre", Meta::Text("smollm")),
            ("tokenizer.ggml.tokens", Meta::Texts(tokens)),
            ("tokenizer.ggml.token_type", Meta::I32s(kinds)),
            ("tokenizer.ggml.merges", Meta::Texts(vec![b"h e".to_vec(), b"l l".to_vec()])),
            ("tokenizer.ggml.eos_token_id", Meta::U32(2)),
            (
                "tokenizer.chat_template",
                Meta::Text("{% for m in messages %}<|im_start|>{{ m.content }}<|im_end|>{% endfor %}"),
            ),
        ];
        let (embed, ffn) = (EMBED as u64, FFN as u64);
        let shapes: [(&str, &[u64]); 11] = [
            ("token_embd", &[embed, vocab]),
            ("output_norm", &[embed]),
            ("blk.0.attn_norm", &[embed]),
            ("blk.0.ffn_norm", &[embed]),
            ("blk.0.attn_q", &[embed, embed]),
            ("blk.0.attn_k", &[embed, embed / 2]),
            ("blk.0.attn_v", &[embed, embed / 2]),
            ("blk.0.attn_output", &[embed, embed]),
            ("blk.0.ffn_gate", &[embed, ffn]),
            ("blk.0.ffn_up", &[embed, ffn]),
            ("blk.0.ffn_down", &[ffn, embed]),
        ];
        let tensors = shapes.map(|(name, shape)| (format!("{name}.weight"), shape.to_vec(), 0)).into();
        Tiny { metadata, tensors, version: 3 }
    }

    /// The model of that family that test/vectors/engine/families.py builds.
    pub(crate) fn family(name: &'static str) -> Self {
        const HEADS: u64 = 4;
        const KV_HEADS: u64 = 2;
        let tiny = Tiny::new();
        let layers = if name == "gemma3" { 7 } else { 2 };
        let embed = EMBED as u64;
        let head = if matches!(name, "llama" | "qwen2") { embed / HEADS } else { 12 };
        let key = |part: &str| -> &'static str { format!("{name}.{part}").leak() };
        let mut metadata = vec![
            ("general.architecture", Meta::Text(name)),
            (key("block_count"), Meta::U32(layers)),
            (key("context_length"), Meta::U32(256)),
            (key("embedding_length"), Meta::U32(EMBED as u32)),
            (key("feed_forward_length"), Meta::U32(FFN as u32)),
            (key("attention.head_count"), Meta::U32(HEADS as u32)),
            (key("attention.head_count_kv"), Meta::U32(KV_HEADS as u32)),
            (key("attention.layer_norm_rms_epsilon"), Meta::F32(1e-5)),
            (key("attention.key_length"), Meta::U32(head as u32)),
            (key("attention.value_length"), Meta::U32(head as u32)),
        ];
        if name == "gemma3" {
            metadata.push((key("attention.sliding_window"), Meta::U32(20)));
        }
        let tokenizer = tiny.metadata.into_iter();
        metadata.extend(tokenizer.filter(|(key, _)| key.starts_with("tokenizer.ggml.")));
        let vocab = tiny.tensors[0].1[1];
        let mut tensors = vec![
            ("token_embd.weight".to_owned(), vec![embed, vocab], 0),
            ("output_norm.weight".to_owned(), vec![embed], 0),
        ];
        for layer in 0..layers {
            let mut add = |name: &str, shape: &[u64]| {
                tensors.push((format!("blk.{layer}.{name}"), shape.to_vec(), 0));
            };
            add("attn_norm.weight", &[embed]);
            add("ffn_norm.weight", &[embed]);
            add("attn_q.weight", &[embed, HEADS * head]);
            add("attn_k.weight", &[embed, KV_HEADS * head]);
            add("attn_v.weight", &[embed, KV_HEADS * head]);
            add("attn_output.weight", &[HEADS * head, embed]);
            add("ffn_gate.weight", &[embed, FFN as u64]);
            add("ffn_up.weight", &[embed, FFN as u64]);
            add("ffn_down.weight", &[FFN as u64, embed]);
            if name == "qwen2" {
                add("attn_q.bias", &[HEADS * head]);
                add("attn_k.bias", &[KV_HEADS * head]);
                add("attn_v.bias", &[KV_HEADS * head]);
            }
            if matches!(name, "qwen3" | "gemma3") {
                add("attn_q_norm.weight", &[head]);
                add("attn_k_norm.weight", &[head]);
            }
            if name == "gemma3" {
                add("post_attention_norm.weight", &[embed]);
                add("post_ffw_norm.weight", &[embed]);
            }
        }
        Tiny { metadata, tensors, version: 3 }
    }

    /// Replaces a metadata value.
    pub(crate) fn with(mut self, key: &str, value: Meta) -> Self {
        self.metadata.iter_mut().find(|(name, _)| *name == key).unwrap().1 = value;
        self
    }

    /// Leaves a metadata entry out.
    pub(crate) fn without(mut self, key: &str) -> Self {
        self.metadata.retain(|(name, _)| *name != key);
        self
    }

    /// The file.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut out = b"GGUF".to_vec();
        out.extend(self.version.to_le_bytes());
        out.extend((self.tensors.len() as u64).to_le_bytes());
        out.extend((self.metadata.len() as u64).to_le_bytes());
        for (key, value) in &self.metadata {
            text(&mut out, key.as_bytes());
            meta(&mut out, value);
        }
        let mut offset = 0_u64;
        for (name, shape, kind) in &self.tensors {
            text(&mut out, name.as_bytes());
            out.extend((shape.len() as u32).to_le_bytes());
            shape.iter().for_each(|size| out.extend(size.to_le_bytes()));
            out.extend(kind.to_le_bytes());
            out.extend(offset.to_le_bytes());
            offset += (elements(shape) * 4).next_multiple_of(32);
        }
        out.resize(out.len().next_multiple_of(32), 0);
        for at in 0..offset / 4 {
            // Small numbers without a pattern, the same in every run.
            let value = ((at.wrapping_mul(2_654_435_761) >> 7) % 1000) as f32 / 1000.0 - 0.5;
            out.extend(value.to_le_bytes());
        }
        out
    }
}

fn elements(shape: &[u64]) -> u64 {
    shape.iter().fold(1_u64, |product, size| product.wrapping_mul(*size)).min(1 << 16)
}

fn text(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend((bytes.len() as u64).to_le_bytes());
    out.extend(bytes);
}

fn meta(out: &mut Vec<u8>, value: &Meta) {
    match value {
        Meta::U32(value) => out.extend([4_u32, *value].map(u32::to_le_bytes).concat()),
        Meta::F32(value) => out.extend([6_u32.to_le_bytes(), value.to_le_bytes()].concat()),
        Meta::Text(value) => {
            out.extend(8_u32.to_le_bytes());
            text(out, value.as_bytes());
        }
        Meta::Texts(values) => {
            out.extend([9_u32, 8].map(u32::to_le_bytes).concat());
            out.extend((values.len() as u64).to_le_bytes());
            values.iter().for_each(|value| text(out, value));
        }
        Meta::F32s(values) => {
            out.extend([9_u32, 6].map(u32::to_le_bytes).concat());
            out.extend((values.len() as u64).to_le_bytes());
            values.iter().for_each(|value| out.extend(value.to_le_bytes()));
        }
        Meta::I32s(values) => {
            out.extend([9_u32, 5].map(u32::to_le_bytes).concat());
            out.extend((values.len() as u64).to_le_bytes());
            values.iter().for_each(|value| out.extend(value.to_le_bytes()));
        }
    }
}

/// The characters that stand for the 256 bytes in byte-level vocabularies.
fn byte_symbols() -> Vec<String> {
    let printable = |byte: &u32| matches!(byte, 0x21..=0x7E | 0xA1..=0xAC | 0xAE..=0xFF);
    let others = (0..256_u32).filter(|byte| !printable(byte)).count() as u32;
    let codes = (0..256_u32).filter(printable).chain(0x100..0x100 + others);
    codes.map(|code| char::from_u32(code).unwrap().to_string()).collect()
}

/// A manifest for a file with exactly these bytes.
pub(crate) fn manifest(bytes: &[u8], task: Task) -> (NamedTempFile, ModelManifest) {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let manifest = ModelManifest {
        name: "tiny".to_owned(),
        task,
        weights: file.path().to_owned(),
        tokenizer: None,
        config: None,
        weights_digest: digest::sha256_file(file.path()).unwrap(),
        tokenizer_digest: None,
        config_digest: None,
        limits: Limits::default(),
    };
    (file, manifest)
}

/// Loads a file with exactly these bytes.
pub(crate) fn load(bytes: &[u8]) -> Result<LocalModel, EngineError> {
    let (_file, manifest) = manifest(bytes, Task::Chat);
    LocalModel::load(&manifest, Accelerator::Cpu)
}
