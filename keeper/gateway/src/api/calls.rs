//! Calls of tools in what a model wrote. Models write a call as JSON with its name and arguments: alone, one after the
//! other, in a list, or between `<tool_call>` and `</tool_call>`, which some vocabularies have as control tokens that do not
//! show. What is not a call of a function that the caller offered stays text.

use serde::Deserialize;
use serde_json::{Map, Value};

const OPEN: &str = "<tool_call>";
const CLOSE: &str = "</tool_call>";

/// Finds calls of the functions of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CallReader {
    names: Vec<String>,
    /// Whether an answer may have several calls; of others only the first counts.
    parallel: bool,
}

/// A call, with its arguments as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) name: String,
    pub(crate) arguments: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    #[serde(alias = "parameters")]
    arguments: Map<String, Value>,
}

impl CallReader {
    pub(super) fn new(names: Vec<String>, parallel: bool) -> Self {
        Self { names, parallel }
    }

    /// What an answer says before its calls, and the calls, if it ends with some.
    pub(crate) fn read<'a>(&self, text: &'a str) -> Option<(&'a str, Vec<Call>)> {
        starts(text).find_map(|at| Some((&text[..at], self.calls(&text[at..])?)))
    }

    /// The calls that `text` consists of.
    fn calls(&self, text: &str) -> Option<Vec<Call>> {
        let mut calls = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            rest = rest.strip_prefix(OPEN).unwrap_or(rest);
            let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
            match values.next()?.ok()? {
                Value::Array(several) => {
                    several.into_iter().try_for_each(|one| self.call(one).map(|call| calls.push(call)))?;
                }
                one => calls.push(self.call(one)?),
            }
            rest = rest.get(values.byte_offset()..)?.trim_start();
            rest = rest.strip_prefix(CLOSE).unwrap_or(rest).trim_start();
        }
        calls.truncate(if self.parallel { usize::MAX } else { 1 });
        (!calls.is_empty()).then_some(calls)
    }

    fn call(&self, value: Value) -> Option<Call> {
        let Written { name, arguments } = serde_json::from_value(value).ok()?;
        let arguments = Value::Object(arguments).to_string();
        self.names.contains(&name).then_some(Call { name, arguments })
    }
}

/// Where calls may begin: at a tag, or at a bracket that begins a line.
fn starts(text: &str) -> impl Iterator<Item = usize> {
    let begins_line =
        |at: usize| text[..at].trim_end_matches([' ', '\t']).chars().next_back().is_none_or(|c| c == '\n');
    text.char_indices().map(|(at, _)| at).filter(move |at| match text.as_bytes()[*at] {
        b'<' => text[*at..].starts_with(OPEN),
        b'{' | b'[' => begins_line(*at),
        _ => false,
    })
}

/// Text of a streamed answer, held back from where calls may begin.
#[derive(Debug, Default)]
pub(crate) struct Held {
    text: String,
    said: usize,
}

impl Held {
    /// Takes the next piece and returns what is certainly no call.
    pub(crate) fn push(&mut self, piece: &str) -> &str {
        self.text.push_str(piece);
        let (text, from) = (&self.text, self.said);
        let tag = text
            .char_indices()
            .map(|(at, _)| at)
            .rev()
            .take(OPEN.len())
            .filter(|at| OPEN.starts_with(&text[*at..]))
            .last();
        let end = starts(text).next().or(tag).unwrap_or(text.len());
        // Space before calls is not content.
        if end > from && !text[..end].trim().is_empty() {
            self.said = end;
        }
        &self.text[from..self.said]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(parallel: bool) -> CallReader {
        CallReader::new(vec!["f".to_owned(), "g".to_owned()], parallel)
    }

    fn names(text: &str) -> Option<(String, Vec<String>)> {
        let (content, calls) = reader(true).read(text)?;
        Some((
            content.to_owned(),
            calls.into_iter().map(|call| format!("{}{}", call.name, call.arguments)).collect(),
        ))
    }

    #[test]
    fn calls_are_found_in_every_way_of_writing_them() {
        let f = r#"{"name": "f", "arguments": {"b": 1, "a": "<é>"}}"#;
        let g = r#"{"name": "g", "parameters": {}}"#;
        let (as_f, as_g) = (r#"f{"a":"<é>","b":1}"#.to_owned(), "g{}".to_owned());
        for (text, content, calls) in [
            (f.to_owned(), "", vec![&as_f]),
            (format!("\n{f}\n\n{g}\n"), "\n", vec![&as_f, &as_g]),
            (format!("[{f}, {g}]"), "", vec![&as_f, &as_g]),
            (format!("<tool_call>\n{f}\n</tool_call>\n<tool_call>{g}</tool_call>"), "", vec![&as_f, &as_g]),
            (format!("<tool_call>[{g}]</tool_call>"), "", vec![&as_g]),
            (format!("Let me {{see}}.\n<tool_call>{g}"), "Let me {see}.\n", vec![&as_g]),
            (format!("[1] says so:\n  {g}"), "[1] says so:\n  ", vec![&as_g]),
        ] {
            let calls = calls.into_iter().cloned().collect();
            assert_eq!(names(&text), Some((content.to_owned(), calls)), "{text}");
        }
        let both = format!("{f}{g}");
        assert_eq!(reader(false).read(&both).unwrap().1.len(), 1);
    }

    #[test]
    fn what_is_not_a_call_of_an_offered_function_stays_text() {
        for text in [
            "",
            "Hello.",
            "{}",
            "[]",
            "[1]",
            r#"{"name": "h", "arguments": {}}"#,
            r#"{"name": "f"}"#,
            r#"{"name": "f", "arguments": "x"}"#,
            r#"{"name": "f", "arguments": {}} and more"#,
            r#"{"name": "f", "arguments": {}, "why": 1}"#,
            r#"see {"name": "f", "arguments": {}}"#,
            r#"<tool_call>{"name": "f", "arguments": {"#,
            "<tool_call></tool_call>",
        ] {
            assert_eq!(names(text), None, "{text}");
        }
    }

    /// Whatever the pieces, what was said is the beginning of the content, and text without a call is not held for long.
    #[test]
    fn no_part_of_a_call_is_streamed_as_text() {
        for text in [
            "Let me see.\n<tool_call>\n{\"name\": \"f\", \"arguments\": {}}\n</tool_call>",
            "\n\n{\"name\": \"f\", \"arguments\": {}}",
            "naïve <b>text</b> < 3 and a [list] é",
            "a\n{\"no\": \"call\"} b",
        ] {
            let content = reader(true).read(text).map_or(text, |(content, _)| content);
            for size in 1..text.len() {
                let mut held = Held::default();
                let mut said = String::new();
                let chars: Vec<char> = text.chars().collect();
                for piece in chars.chunks(size) {
                    said.push_str(held.push(&piece.iter().collect::<String>()));
                }
                assert_eq!(held.said, said.len());
                assert!(content.starts_with(&said), "{said:?} of {content:?}");
                if content == text && !text.contains('\n') {
                    assert_eq!(said, text);
                }
            }
        }
    }
}
