//! From messages to token ids, with control tokens only where the template put them.
//!
//! The template mixes its own control tokens and the messages into one string. So that a message cannot
//! smuggle one in, whatever looks like a control token inside a message is broken up by a marker character
//! before rendering, and the markers are removed from the text between control tokens afterwards. That text,
//! template and message together, is then encoded as a whole, exactly as if the message had been harmless.

use serde_json::{Map, Value};

use super::template::Template;
use super::tokenizer::Tokenizer;
use crate::{ChatInput, EngineError, InputError, Message, Role, Tool, ToolCall};

/// Code points that Unicode reserves for use inside programs.
const MARKERS: std::ops::RangeInclusive<char> = '\u{FDD0}'..='\u{FDEF}';

/// Names of JSON schema's own, whose letters no caller chooses.
const KEYWORDS: [&str; 9] =
    ["type", "properties", "required", "description", "items", "enum", "title", "default", "anyOf"];

pub(super) fn encode(
    template: &Template,
    tokenizer: &Tokenizer,
    input: &ChatInput,
) -> Result<Vec<u32>, EngineError> {
    let ChatInput { messages, tools, .. } = input;
    if !template.has_tools() && uses_tools(input) {
        let reason = "the model's chat template has no place for tools; ask another model, or leave them out";
        return Err(InputError::field("tools", reason).into());
    }
    let marker = marker(messages, tools)?;
    let guarded = |text: &str| guard(text, tokenizer.controls(), marker);
    let messages: Vec<Message> = messages
        .iter()
        .map(|message| Message {
            role: message.role,
            content: guarded(&message.content),
            tool_calls: message.tool_calls.iter().map(|call| guard_call(call, &guarded)).collect(),
            tool_call_id: message.tool_call_id.as_deref().map(guarded),
        })
        .collect();
    let tools: Vec<Tool> = tools
        .iter()
        .map(|tool| Tool {
            name: guarded(&tool.name),
            description: tool.description.as_deref().map(guarded),
            parameters: tool.parameters.as_ref().map(|parameters| guard_members(parameters, &guarded)),
        })
        .collect();
    let rendered = template.render(&messages, &tools)?;

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

fn uses_tools(input: &ChatInput) -> bool {
    let speaks = |message: &Message| message.role == Role::Tool || !message.tool_calls.is_empty();
    !input.tools.is_empty() || input.messages.iter().any(speaks)
}

/// A marker that nothing of the request contains.
fn marker(messages: &[Message], tools: &[Tool]) -> Result<char, EngineError> {
    // JSON leaves these characters as they are.
    let inside = |value: serde_json::Result<String>| {
        value.map_err(|error| EngineError::Inference { reason: format!("a tool cannot be written: {error}") })
    };
    let mut texts = vec![inside(serde_json::to_string(tools))?];
    for message in messages {
        texts.push(inside(serde_json::to_string(&message.tool_calls))?);
        texts.extend(message.tool_call_id.clone());
    }
    let free = |marker: &char| {
        !messages.iter().any(|message| message.content.contains(*marker))
            && !texts.iter().any(|text| text.contains(*marker))
    };
    MARKERS.into_iter().find(free).ok_or_else(|| {
        InputError::field("messages", "they use every noncharacter from U+FDD0 to U+FDEF").into()
    })
}

fn guard_call(call: &ToolCall, guarded: &impl Fn(&str) -> String) -> ToolCall {
    let ToolCall { id, name, arguments } = call;
    ToolCall { id: guarded(id), name: guarded(name), arguments: guard_members(arguments, guarded) }
}

fn guard_members(members: &Map<String, Value>, guarded: &impl Fn(&str) -> String) -> Map<String, Value> {
    // Templates look these up by name.
    let name = |name: &String| if KEYWORDS.contains(&name.as_str()) { name.clone() } else { guarded(name) };
    members.iter().map(|(key, value)| (name(key), guard_json(value, guarded))).collect()
}

fn guard_json(value: &Value, guarded: &impl Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => guarded(text).into(),
        Value::Array(items) => items.iter().map(|item| guard_json(item, guarded)).collect(),
        Value::Object(members) => guard_members(members, guarded).into(),
        other => other.clone(),
    }
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
