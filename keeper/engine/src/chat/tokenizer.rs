//! The tokenizer that a GGUF file carries: byte-level BPE or pieces with scores.
//!
//! Control tokens are kept out of the vocabulary of texts, so no text can be encoded into one; they exist only as ids
//! that [`Tokenizer::controls`] names.

use super::bytelevel::ByteLevel;
use super::pieces::Pieces;
use crate::EngineError;
use crate::gguf::Gguf;

/// Tokens that end an answer in the models of these families, whatever the file names as its end.
const END_TOKENS: [&str; 9] = [
    "<|endoftext|>",
    "<|im_end|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|end_of_text|>",
    "<|end|>",
    "</s>",
    "<eos>",
    "<end_of_turn>",
];

#[derive(Debug)]
pub(crate) struct Tokenizer {
    encoder: Encoder,
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
        let tokens = gguf.strings("tokenizer.ggml.tokens")?;
        let kinds = gguf.ints("tokenizer.ggml.token_type")?;
        if tokens.len() != kinds.len() {
            let reason = format!("{} tokens but {} token types", tokens.len(), kinds.len());
            return Err(gguf.error(reason));
        }
        let mut vocabulary = Vocabulary { controls: Vec::new(), pieces: Vec::new() };
        let model = gguf.str("tokenizer.ggml.model")?;
        let encoder = match model {
            "gpt2" => Encoder::Bytes(Box::new(ByteLevel::load(gguf, tokens, kinds, &mut vocabulary)?)),
            "llama" => Encoder::Pieces(Pieces::load(gguf, tokens, kinds, &mut vocabulary)?),
            _ => {
                let reason = format!("tokenizer `{model}` is not supported; `gpt2` and `llama` are");
                return Err(gguf.error(reason));
            }
        };
        vocabulary.controls.sort_by_key(|(token, _)| std::cmp::Reverse(token.len()));
        let ends = ends(gguf, &vocabulary.controls)?;
        let text_of = |key: &str| -> Result<String, EngineError> {
            let id = gguf.uint_opt(key)?;
            Ok(id.and_then(|id| tokens.get(id as usize)).cloned().unwrap_or_default())
        };
        let bos = if gguf.bool_opt("tokenizer.ggml.add_bos_token")?.unwrap_or(model == "llama") {
            Some(token_id(gguf, "tokenizer.ggml.bos_token_id", tokens.len())?)
        } else {
            None
        };
        let (bos_text, eos_text) =
            (text_of("tokenizer.ggml.bos_token_id")?, text_of("tokenizer.ggml.eos_token_id")?);
        Ok(Tokenizer {
            encoder,
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
        match &self.encoder {
            Encoder::Bytes(encoder) => encoder.encode(text),
            Encoder::Pieces(encoder) => Ok(encoder.encode(text)),
        }
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

    /// Tokens that end the answer.
    pub(crate) fn ends(&self) -> &[u32] {
        &self.ends
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

#[derive(Debug)]
enum Encoder {
    Bytes(Box<ByteLevel>),
    Pieces(Pieces),
}

/// What the kinds of tokenizer have in common, filled in order of ids.
pub(super) struct Vocabulary {
    controls: Vec<(String, u32)>,
    pieces: Vec<Option<Vec<u8>>>,
}

impl Vocabulary {
    /// The next token is one that stands for these bytes.
    pub(super) fn text(&mut self, bytes: Vec<u8>) {
        self.pieces.push(Some(bytes));
    }

    /// The next token is one that no text becomes.
    pub(super) fn control(&mut self, gguf: &Gguf, id: u32, token: &str) -> Result<(), EngineError> {
        // A name of one character could not be told from text when the template is rendered.
        if token.chars().nth(1).is_none() {
            return Err(gguf.error(format!("control token {id} has the name `{token}`, which is too short")));
        }
        self.controls.push((token.to_owned(), id));
        self.pieces.push(None);
        Ok(())
    }
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

pub(super) fn token_id(gguf: &Gguf, key: &str, tokens: usize) -> Result<u32, EngineError> {
    let id = gguf.uint(key)?;
    u32::try_from(id)
        .ok()
        .filter(|id| (*id as usize) < tokens)
        .ok_or_else(|| gguf.error(format!("metadata `{key}` is {id}, outside the vocabulary of {tokens}")))
}
