//! Pieces with scores, as SentencePiece makes them: what GGUF calls `llama`.
//!
//! A text begins as its characters; of all neighbours that together are a piece, those with the highest score are
//! joined first, the leftmost among equals. What is no piece in the end becomes the tokens of its bytes.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashMap};

use super::tokenizer::{Vocabulary, token_id};
use crate::EngineError;
use crate::gguf::Gguf;

/// Stands for a space inside pieces.
const SPACE: char = '\u{2581}';

/// GGUF's numbers for kinds of tokens; all others are control tokens.
const NORMAL: i64 = 1;
const WHOLE: i64 = 4;
const BYTE: i64 = 6;

/// Each is looked for in every text.
const MAX_WHOLE: usize = 4096;

#[derive(Debug)]
pub(super) struct Pieces {
    /// Id and score by text.
    pieces: HashMap<String, (u32, f32)>,
    /// Texts that are tokens wherever they occur, before anything is joined; the longest first.
    whole: Vec<(String, u32)>,
    /// The token of each byte.
    bytes: Vec<u32>,
    /// A space is put in front of a text.
    space_first: bool,
}

/// A part of the text that is a piece or may become one.
#[derive(Debug, Clone, Copy)]
struct Part {
    start: usize,
    /// Bytes; 0 for what has been joined to its left neighbour.
    len: usize,
    left: usize,
    right: usize,
}

/// A piece of a text, or what has been cut out of it.
#[derive(Debug, Clone, Copy)]
enum Cut<'a> {
    Text(&'a str),
    Token(u32),
}

impl<'a> Cut<'a> {
    fn split(self, token: &str, id: u32) -> Vec<Cut<'a>> {
        let Cut::Text(text) = self else { return vec![self] };
        let mut cuts = Vec::new();
        for (index, between) in text.split(token).enumerate() {
            cuts.extend((index > 0).then_some(Cut::Token(id)));
            cuts.extend((!between.is_empty()).then_some(Cut::Text(between)));
        }
        cuts
    }
}

const NONE: usize = usize::MAX;

/// Two neighbours that together are a piece.
#[derive(Debug, PartialEq)]
struct Pair {
    score: f32,
    left: usize,
    right: usize,
    /// Bytes of both: tells whether they are still what they were.
    len: usize,
}

impl Eq for Pair {}

impl Ord for Pair {
    fn cmp(&self, other: &Self) -> Ordering {
        self.score.total_cmp(&other.score).then(other.left.cmp(&self.left))
    }
}

impl PartialOrd for Pair {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Pieces {
    pub(super) fn load(
        gguf: &Gguf,
        tokens: &[String],
        kinds: &[i64],
        vocabulary: &mut Vocabulary,
    ) -> Result<Self, EngineError> {
        let scores = gguf.floats("tokenizer.ggml.scores")?;
        if scores.len() != tokens.len() || scores.iter().any(|score| score.is_nan()) {
            return Err(gguf.error(format!("{} usable scores for {} tokens", scores.len(), tokens.len())));
        }
        let (mut pieces, mut whole, mut of_byte) = (HashMap::new(), Vec::new(), HashMap::new());
        for (id, (token, kind)) in (0_u32..).zip(tokens.iter().zip(kinds)) {
            match *kind {
                NORMAL => {
                    vocabulary.text(token.replace(SPACE, " ").into_bytes());
                    if pieces.insert(token.clone(), (id, scores[id as usize])).is_some() {
                        return Err(gguf.error(format!("token `{token}` occurs twice in the vocabulary")));
                    }
                }
                WHOLE if !token.is_empty() => {
                    vocabulary.text(token.clone().into_bytes());
                    whole.push((token.clone(), id));
                }
                BYTE => {
                    let Some(byte) = byte_of(token) else {
                        return Err(gguf.error(format!("byte token {id} has the name `{token}`")));
                    };
                    vocabulary.text(vec![byte]);
                    of_byte.insert(byte, id);
                }
                _ => vocabulary.control(gguf, id, token)?,
            }
        }
        if whole.len() > MAX_WHOLE {
            let reason =
                format!("{} tokens that are never joined, at most {MAX_WHOLE} are read", whole.len());
            return Err(gguf.error(reason));
        }
        whole.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        let unknown = token_id(gguf, "tokenizer.ggml.unknown_token_id", tokens.len());
        let bytes = (0..=u8::MAX).map(|byte| of_byte.get(&byte).copied().map_or_else(|| unknown.clone(), Ok));
        Ok(Pieces {
            bytes: bytes.collect::<Result<_, _>>()?,
            pieces,
            whole,
            space_first: gguf.bool_opt("tokenizer.ggml.add_space_prefix")?.unwrap_or(true),
        })
    }

    pub(super) fn encode(&self, text: &str) -> Vec<u32> {
        // The longest whole tokens are cut out first, then the shorter ones out of what lies between.
        let mut parts = vec![Cut::Text(text)];
        for (token, id) in &self.whole {
            if text.contains(token.as_str()) {
                parts = parts.into_iter().flat_map(|part| part.split(token, *id)).collect();
            }
        }
        let mut ids = Vec::new();
        // After a whole token, as at the beginning, a text begins.
        let mut first = true;
        for part in parts {
            match part {
                Cut::Text(text) => self.join(text, first, &mut ids),
                Cut::Token(id) => ids.push(id),
            }
            first = matches!(part, Cut::Token(_));
        }
        ids
    }

    fn join(&self, text: &str, first: bool, ids: &mut Vec<u32>) {
        let mut marked = String::with_capacity(text.len() + 2);
        if first && self.space_first {
            marked.push(SPACE);
        }
        marked.extend(text.chars().map(|symbol| if symbol == ' ' { SPACE } else { symbol }));
        let mut parts: Vec<Part> = Vec::new();
        for (start, symbol) in marked.char_indices() {
            let at = parts.len();
            let (left, right) = (at.checked_sub(1).unwrap_or(NONE), at + 1);
            parts.push(Part { start, len: symbol.len_utf8(), left, right });
        }
        if let Some(last) = parts.last_mut() {
            last.right = NONE;
        }
        let mut pairs = BinaryHeap::new();
        (1..parts.len()).for_each(|right| self.offer(&marked, &parts, right - 1, right, &mut pairs));
        while let Some(pair) = pairs.pop() {
            let (left, right) = (parts[pair.left], parts[pair.right]);
            if left.len == 0 || right.len == 0 || left.len + right.len != pair.len {
                continue;
            }
            (parts[pair.left].len, parts[pair.left].right) = (pair.len, right.right);
            parts[pair.right].len = 0;
            if right.right != NONE {
                parts[right.right].left = pair.left;
                self.offer(&marked, &parts, pair.left, right.right, &mut pairs);
            }
            if left.left != NONE {
                self.offer(&marked, &parts, left.left, pair.left, &mut pairs);
            }
        }
        for part in parts.iter().filter(|part| part.len > 0) {
            let piece = &marked[part.start..part.start + part.len];
            match self.pieces.get(piece) {
                Some((id, _)) => ids.push(*id),
                None => ids.extend(piece.bytes().map(|byte| self.bytes[usize::from(byte)])),
            }
        }
    }

    fn offer(&self, text: &str, parts: &[Part], left: usize, right: usize, pairs: &mut BinaryHeap<Pair>) {
        let (start, len) = (parts[left].start, parts[left].len + parts[right].len);
        if let Some((_, score)) = self.pieces.get(&text[start..start + len]) {
            pairs.push(Pair { score: *score, left, right, len });
        }
    }
}

/// The byte of a name like `<0x0A>`.
fn byte_of(name: &str) -> Option<u8> {
    let digits = name.strip_prefix("<0x")?.strip_suffix('>')?;
    if digits.len() == 2 { u8::from_str_radix(digits, 16).ok() } else { None }
}
