//! Byte-level BPE: what GGUF calls `gpt2`.

use std::collections::HashMap;

use tokenizers::models::bpe::{BPE, Merges, Vocab};
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::pre_tokenizers::{byte_level, split};
use tokenizers::tokenizer::normalizer::SplitDelimiterBehavior;

use super::tokenizer::Vocabulary;
use crate::EngineError;
use crate::gguf::Gguf;

/// GGUF's number for an ordinary piece of text; every other kind is a control token to us.
const NORMAL: i64 = 1;

/// How Qwen 2 and 3 split text into words.
const QWEN_WORDS: &str = concat!(
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|",
    r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
);

#[derive(Debug)]
pub(super) struct ByteLevel(tokenizers::Tokenizer);

impl ByteLevel {
    pub(super) fn load(
        gguf: &Gguf,
        tokens: &[String],
        kinds: &[i64],
        vocabulary: &mut Vocabulary,
    ) -> Result<Self, EngineError> {
        let pre = gguf.str_opt("tokenizer.ggml.pre")?.unwrap_or("default");
        let unusable = |error| gguf.error(format!("tokenizer: {error}"));
        let Some(splitter) = splitter(pre).map_err(unusable)? else {
            let reason = format!("the splitter `{pre}` is not supported; `smollm` and `qwen2` are");
            return Err(gguf.error(reason));
        };
        let normal = sort(gguf, tokens, kinds, vocabulary)?;
        let merges = merges(gguf, &normal)?;
        let normal: Vocab = normal.into_iter().collect();
        let bpe = BPE::builder().vocab_and_merges(normal, merges).build().map_err(unusable)?;
        let mut tokenizer = tokenizers::Tokenizer::new(bpe);
        tokenizer.with_pre_tokenizer(Some(splitter));
        Ok(ByteLevel(tokenizer))
    }

    pub(super) fn encode(&self, text: &str) -> Result<Vec<u32>, EngineError> {
        let encoding = self.0.encode_fast(text, false).map_err(|error| EngineError::Inference {
            reason: format!("text cannot be tokenised: {error}"),
        })?;
        Ok(encoding.get_ids().to_vec())
    }
}

/// The splitter of that name. None puts a space in front.
fn splitter(name: &str) -> tokenizers::Result<Option<PreTokenizerWrapper>> {
    let parts: Vec<PreTokenizerWrapper> = match name {
        // Every digit alone, then GPT-2's words.
        "smollm" => vec![Digits::new(true).into(), byte_level::ByteLevel::new(false, true, true).into()],
        "qwen2" => {
            let words = SplitPattern::Regex(QWEN_WORDS.to_owned());
            let words: split::Split = Split::new(words, SplitDelimiterBehavior::Isolated, false)?;
            vec![words.into(), byte_level::ByteLevel::new(false, true, false).into()]
        }
        _ => return Ok(None),
    };
    Ok(Some(PreTokenizerWrapper::Sequence(Sequence::new(parts))))
}

/// Tells texts from control tokens; returns the texts.
fn sort(
    gguf: &Gguf,
    tokens: &[String],
    kinds: &[i64],
    vocabulary: &mut Vocabulary,
) -> Result<HashMap<String, u32>, EngineError> {
    let byte_of: HashMap<char, u8> = (0..=u8::MAX).map(|byte| (byte_symbol(byte), byte)).collect();
    let mut normal = HashMap::new();
    for (id, (token, kind)) in (0_u32..).zip(tokens.iter().zip(kinds)) {
        if *kind != NORMAL {
            vocabulary.control(gguf, id, token)?;
            continue;
        }
        let bytes: Option<Vec<u8>> = token.chars().map(|symbol| byte_of.get(&symbol).copied()).collect();
        let Some(bytes) = bytes else {
            return Err(gguf.error(format!("token {id} `{token}` is not in byte-level form")));
        };
        vocabulary.text(bytes);
        if normal.insert(token.clone(), id).is_some() {
            return Err(gguf.error(format!("token `{token}` occurs twice in the vocabulary")));
        }
    }
    Ok(normal)
}

fn merges(gguf: &Gguf, vocabulary: &HashMap<String, u32>) -> Result<Merges, EngineError> {
    let mut merges = Vec::new();
    for merge in gguf.strings("tokenizer.ggml.merges")? {
        let Some((left, right)) = merge.split_once(' ') else {
            return Err(gguf.error(format!("merge `{merge}` is not two tokens")));
        };
        for token in [left, right, &format!("{left}{right}")] {
            if !vocabulary.contains_key(token) {
                return Err(gguf.error(format!("merge `{merge}` needs `{token}`, which is not a text token")));
            }
        }
        merges.push((left.to_owned(), right.to_owned()));
    }
    Ok(merges)
}

/// The printable character that stands for a byte in byte-level vocabularies: printable Latin-1 stands for
/// itself, the rest is numbered from U+0100 on.
fn byte_symbol(byte: u8) -> char {
    let printable = |byte: u8| matches!(byte, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF);
    if printable(byte) {
        return char::from(byte);
    }
    let rank = (0..byte).filter(|lower| !printable(*lower)).count() as u32;
    char::from_u32(0x100 + rank).unwrap_or(char::REPLACEMENT_CHARACTER)
}
