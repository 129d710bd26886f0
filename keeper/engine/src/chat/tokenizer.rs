//! Byte-level BPE, built from a GGUF file's own vocabulary.
//!
//! Control tokens are kept out of the BPE vocabulary, so no text can be encoded into one; they exist only as
//! ids that [`Tokenizer::control`] names.

use std::collections::HashMap;

use tokenizers::models::bpe::{BPE, Merges, Vocab};
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;

use crate::EngineError;
use crate::gguf::Gguf;

/// GGUF's number for an ordinary piece of text; every other kind is a control token to us.
const NORMAL: i64 = 1;

/// Tokens that end an answer in the models of this family, whatever the file names as its end.
const END_TOKENS: [&str; 7] =
    ["<|endoftext|>", "<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "<|end|>", "</s>"];

#[derive(Debug)]
pub(crate) struct Tokenizer {
    bpe: tokenizers::Tokenizer,
    /// Bytes of each id; `None` for control tokens.
    pieces: Vec<Option<Vec<u8>>>,
    /// Text and id of each control token, longest text first.
    controls: Vec<(String, u32)>,
    ends: Vec<u32>,
    bos: Option<u32>,
    bos_text: String,
    eos_text: String,
}

impl Tokenizer {
    pub(crate) fn load(gguf: &Gguf) -> Result<Self, EngineError> {
        let model = gguf.str("tokenizer.ggml.model")?;
        let pre = gguf.str_opt("tokenizer.ggml.pre")?.unwrap_or("default");
        if model != "gpt2" || pre != "smollm" {
            let reason = format!(
                "tokenizer `{model}` with splitter `{pre}` is not supported; `gpt2` with `smollm` is"
            );
            return Err(gguf.error(reason));
        }
        let tokens = gguf.strings("tokenizer.ggml.tokens")?;
        let kinds = gguf.ints("tokenizer.ggml.token_type")?;
        if tokens.len() != kinds.len() {
            let reason = format!("{} tokens but {} token types", tokens.len(), kinds.len());
            return Err(gguf.error(reason));
        }
        let vocabulary = Vocabulary::sort(gguf, tokens, kinds)?;
        let merges = merges(gguf, &vocabulary.normal)?;
        let ends = ends(gguf, &vocabulary.controls)?;
        let text_of = |key: &str| -> Result<String, EngineError> {
            let id = gguf.uint_opt(key)?;
            Ok(id.and_then(|id| tokens.get(id as usize)).cloned().unwrap_or_default())
        };
        let bos = if gguf.bool_opt("tokenizer.ggml.add_bos_token")?.unwrap_or(false) {
            Some(token_id(gguf, "tokenizer.ggml.bos_token_id", tokens.len())?)
        } else {
            None
        };
        let (bos_text, eos_text) =
            (text_of("tokenizer.ggml.bos_token_id")?, text_of("tokenizer.ggml.eos_token_id")?);
        let bpe =
            build(vocabulary.normal, merges).map_err(|error| gguf.error(format!("tokenizer: {error}")))?;
        Ok(Tokenizer {
            bpe,
            pieces: vocabulary.pieces,
            controls: vocabulary.controls,
            ends,
            bos,
            bos_text,
            eos_text,
        })
    }

    /// Encodes text as text: whatever it looks like, no control token comes out.
    pub(crate) fn encode_text(&self, text: &str) -> Result<Vec<u32>, EngineError> {
        let encoding = self.bpe.encode_fast(text, false).map_err(|error| EngineError::Inference {
            reason: format!("text cannot be tokenised: {error}"),
        })?;
        Ok(encoding.get_ids().to_vec())
    }

    /// Bytes that a token stands for; none for control tokens and unknown ids.
    pub(crate) fn piece(&self, id: u32) -> &[u8] {
        self.pieces.get(id as usize).and_then(Option::as_deref).unwrap_or_default()
    }

    /// Text and id of every control token, longest text first.
    pub(crate) fn controls(&self) -> &[(String, u32)] {
        &self.controls
    }

    /// Whether a token ends the answer.
    pub(crate) fn is_end(&self, id: u32) -> bool {
        self.ends.contains(&id)
    }

    /// Token that the model expects at the very beginning.
    pub(crate) fn bos(&self) -> Option<u32> {
        self.bos
    }

    /// Names of the tokens at the beginning and the end, for templates that print them.
    pub(crate) fn bos_and_eos_text(&self) -> (&str, &str) {
        (&self.bos_text, &self.eos_text)
    }

    /// Number of ids.
    pub(crate) fn len(&self) -> usize {
        self.pieces.len()
    }
}

struct Vocabulary {
    normal: HashMap<String, u32>,
    controls: Vec<(String, u32)>,
    pieces: Vec<Option<Vec<u8>>>,
}

impl Vocabulary {
    fn sort(gguf: &Gguf, tokens: &[String], kinds: &[i64]) -> Result<Self, EngineError> {
        let byte_of: HashMap<char, u8> = (0..=u8::MAX).map(|byte| (byte_symbol(byte), byte)).collect();
        let mut vocabulary = Vocabulary { normal: HashMap::new(), controls: Vec::new(), pieces: Vec::new() };
        for (id, (token, kind)) in (0_u32..).zip(tokens.iter().zip(kinds)) {
            if *kind != NORMAL {
                // A name of one character could not be told from text when the template is rendered.
                if token.chars().nth(1).is_none() {
                    return Err(
                        gguf.error(format!("control token {id} has the name `{token}`, which is too short"))
                    );
                }
                vocabulary.controls.push((token.clone(), id));
                vocabulary.pieces.push(None);
                continue;
            }
            let bytes: Option<Vec<u8>> = token.chars().map(|symbol| byte_of.get(&symbol).copied()).collect();
            let Some(bytes) = bytes else {
                return Err(gguf.error(format!("token {id} `{token}` is not in byte-level form")));
            };
            vocabulary.pieces.push(Some(bytes));
            if vocabulary.normal.insert(token.clone(), id).is_some() {
                return Err(gguf.error(format!("token `{token}` occurs twice in the vocabulary")));
            }
        }
        vocabulary.controls.sort_by_key(|(token, _)| std::cmp::Reverse(token.len()));
        Ok(vocabulary)
    }
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

fn ends(gguf: &Gguf, controls: &[(String, u32)]) -> Result<Vec<u32>, EngineError> {
    let named = controls.iter().filter(|(text, _)| END_TOKENS.contains(&text.as_str()));
    let mut ends: Vec<u32> = named.map(|(_, id)| *id).collect();
    let declared = token_id(gguf, "tokenizer.ggml.eos_token_id", u32::MAX as usize)?;
    if !ends.contains(&declared) {
        ends.push(declared);
    }
    Ok(ends)
}

fn token_id(gguf: &Gguf, key: &str, tokens: usize) -> Result<u32, EngineError> {
    let id = gguf.uint(key)?;
    u32::try_from(id)
        .ok()
        .filter(|id| (*id as usize) < tokens)
        .ok_or_else(|| gguf.error(format!("metadata `{key}` is {id}, outside the vocabulary of {tokens}")))
}

fn build(vocabulary: HashMap<String, u32>, merges: Merges) -> tokenizers::Result<tokenizers::Tokenizer> {
    let vocabulary: Vocab = vocabulary.into_iter().collect();
    let bpe = BPE::builder().vocab_and_merges(vocabulary, merges).build()?;
    let mut tokenizer = tokenizers::Tokenizer::new(bpe);
    // The splitter that GGUF calls `smollm`: every digit alone, then GPT-2's words, no space put in front.
    tokenizer.with_pre_tokenizer(Some(PreTokenizerWrapper::Sequence(Sequence::new(vec![
        Digits::new(true).into(),
        ByteLevel::new(false, true, true).into(),
    ]))));
    Ok(tokenizer)
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
