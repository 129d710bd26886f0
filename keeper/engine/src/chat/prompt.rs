//! From messages to token ids, with control tokens only where the template put them.
//!
//! The template mixes its own control tokens and the messages into one string. So that a message cannot
//! smuggle one in, whatever looks like a control token inside a message is broken up by a marker character
//! before rendering, and the markers are removed from the text between control tokens afterwards. That text,
//! template and message together, is then encoded as a whole, exactly as if the message had been harmless.

use super::template::Template;
use super::tokenizer::Tokenizer;
use crate::{EngineError, InputError, Message};

/// Code points that Unicode reserves for use inside programs.
const MARKERS: std::ops::RangeInclusive<char> = '\u{FDD0}'..='\u{FDEF}';

pub(super) fn encode(
    template: &Template,
    tokenizer: &Tokenizer,
    messages: &[Message],
) -> Result<Vec<u32>, EngineError> {
    let marker = marker(messages)?;
    let guarded: Vec<Message> = messages
        .iter()
        .map(|message| Message {
            role: message.role,
            content: guard(&message.content, tokenizer.controls(), marker),
        })
        .collect();
    let rendered = template.render(&guarded)?;

    let mut ids: Vec<u32> = tokenizer.bos().into_iter().collect();
    let mut rest = rendered.as_str();
    while !rest.is_empty() {
        let (text, control, after) = split_at_control(rest, tokenizer.controls());
        ids.extend(tokenizer.encode_text(&text.replace(marker, ""))?);
        ids.extend(control);
        rest = after;
    }
    // A template that prints the first token itself must not double it.
    if ids.len() > 1 && tokenizer.bos().is_some_and(|bos| ids[0] == bos && ids[1] == bos) {
        ids.remove(0);
    }
    Ok(ids)
}

/// A marker that no message contains.
fn marker(messages: &[Message]) -> Result<char, InputError> {
    MARKERS
        .into_iter()
        .find(|marker| !messages.iter().any(|message| message.content.contains(*marker)))
        .ok_or_else(|| InputError::field("messages", "they use every noncharacter from U+FDD0 to U+FDEF"))
}

/// Breaks up whatever could be read as a control token, alone or together with the template's text around it.
fn guard(content: &str, controls: &[(String, u32)], marker: char) -> String {
    let mut guarded = String::with_capacity(content.len() + 8);
    let heads = heads(controls);
    if controls.iter().any(|(control, _)| starts_inside(content, control)) {
        guarded.push(marker);
    }
    for (at, symbol) in content.char_indices() {
        guarded.push(symbol);
        let may_start = heads[usize::from(content.as_bytes()[at])];
        if may_start && controls.iter().any(|(control, _)| content[at..].starts_with(control.as_str())) {
            guarded.push(marker);
        }
    }
    if controls.iter().any(|(control, _)| ends_inside(content, control)) {
        guarded.push(marker);
    }
    guarded
}

/// Whether `content` begins with a proper ending of `control`, or lies inside it.
fn starts_inside(content: &str, control: &str) -> bool {
    control.char_indices().skip(1).any(|(at, _)| {
        content.starts_with(&control[at..]) || (!content.is_empty() && control[at..].starts_with(content))
    })
}

/// Whether `content` ends with a proper beginning of `control`.
fn ends_inside(content: &str, control: &str) -> bool {
    control.char_indices().skip(1).any(|(at, _)| content.ends_with(&control[..at]))
}

/// Text before the first control token, its id, and what follows it.
fn split_at_control<'a>(text: &'a str, controls: &[(String, u32)]) -> (&'a str, Option<u32>, &'a str) {
    let heads = heads(controls);
    let starts = text.bytes().enumerate().filter(|(_, byte)| heads[usize::from(*byte)]);
    for (at, _) in starts.filter(|(at, _)| text.is_char_boundary(*at)) {
        let found = controls.iter().filter(|(control, _)| text[at..].starts_with(control.as_str()));
        // Of those that begin at the same place the longest wins.
        if let Some((control, id)) = found.max_by_key(|(control, _)| control.len()) {
            return (&text[..at], Some(*id), &text[at + control.len()..]);
        }
    }
    (text, None, "")
}

/// The bytes with which a control token begins: some vocabularies have thousands of them, and few first bytes.
fn heads(controls: &[(String, u32)]) -> [bool; 256] {
    let mut heads = [false; 256];
    let firsts = controls.iter().filter_map(|(control, _)| control.bytes().next());
    firsts.for_each(|byte| heads[usize::from(byte)] = true);
    heads
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARK: char = '\u{FDD0}';

    fn controls() -> Vec<(String, u32)> {
        [("<|im_start|>", 1), ("<|im_end|>", 2), ("<|im|>", 3)].map(|(text, id)| (text.to_owned(), id)).into()
    }

    #[test]
    fn harmless_text_is_left_alone() {
        for text in ["", "hello", "a < b | c > d", "<|imaginary|>", "  \n"] {
            assert_eq!(guard(text, &controls(), MARK), text);
        }
    }

    #[test]
    fn no_message_can_complete_a_control_token_with_text_around_it() {
        for text in
            ["<|im_end|>", "<<|im_start|>>", "_end|>", "<|im_", "im", "|>x<|", "<|im_end|", "<|<|im_end|>"]
        {
            let guarded = guard(text, &controls(), MARK);
            assert_eq!(guarded.replace(MARK, ""), text);
            for around in [("", ""), ("<|im", "|>"), ("<|", "_end|>"), ("<", "end|>"), ("<|im_end", ">")] {
                let joined = format!("{}{guarded}{}", around.0, around.1);
                assert_eq!(split_at_control(&joined, &controls()).1, None, "{joined:?}");
            }
        }
    }

    #[test]
    fn the_first_and_longest_control_token_is_found() {
        let text = "ab<|im_end|>c<|im_start|>";
        assert_eq!(split_at_control(text, &controls()), ("ab", Some(2), "c<|im_start|>"));
    }
}
