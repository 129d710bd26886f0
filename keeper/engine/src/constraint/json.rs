//! Any JSON object, to a bounded depth. A regular expression for it doubles with every level; its automaton does not need to,
//! because where a value ends only the open brackets matter.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use super::automaton::{Automaton, DEAD};
use super::schema::{CHARACTER, NUMBER};

/// What the digest of the constraint is taken of. Another number for another set of texts.
pub(super) const NAME: &str = "json-object/1";
/// Levels of objects and lists.
const MAX_DEPTH: u32 = 8;

/// The automaton of `{…}`, made once.
pub(super) fn any_object() -> Result<Arc<Automaton>, String> {
    static MADE: OnceLock<Result<Arc<Automaton>, String>> = OnceLock::new();
    MADE.get_or_init(|| build().map(Arc::new)).clone()
}

/// The brackets that are open, the innermost in the lowest bit: 1 for an object. A leading 1 marks the end of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Open(u32);

impl Open {
    const NONE: Open = Open(1);

    fn with(self, object: bool) -> Option<Open> {
        (self.depth() < MAX_DEPTH).then_some(Open(self.0 << 1 | u32::from(object)))
    }

    fn depth(self) -> u32 {
        31 - self.0.leading_zeros()
    }

    fn in_object(self) -> bool {
        self.depth() > 0 && self.0 & 1 == 1
    }

    fn in_list(self) -> bool {
        self.depth() > 0 && self.0 & 1 == 0
    }

    fn closed(self) -> Open {
        Open(self.0 >> 1)
    }
}

/// What comes next inside the innermost bracket. A `bool` says whether a space may come first, or the bracket be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum At {
    Begin,
    Name {
        space: bool,
        close: bool,
    },
    InName(u32),
    Value {
        space: bool,
        close: bool,
    },
    /// Inside of a text, a number or a word.
    InValue(u32),
    /// A comma or the bracket.
    After,
}

fn build() -> Result<Automaton, String> {
    let name = Automaton::compile(&format!("\"{CHARACTER}*\""))?;
    let value = Automaton::compile(&format!("(?:\"{CHARACTER}*\"|{NUMBER}|true|false|null)"))?;
    let step = |(at, open): (At, Open), byte: u8| -> Option<(At, Open)> {
        let after = |open: Open| match byte {
            b',' if open.in_object() => Some((At::Name { space: true, close: false }, open)),
            b',' if open.in_list() => Some((At::Value { space: true, close: false }, open)),
            b'}' if open.in_object() => Some((At::After, open.closed())),
            b']' if open.in_list() => Some((At::After, open.closed())),
            _ => None,
        };
        let object = |open: Open| Some((At::Name { space: false, close: true }, open.with(true)?));
        match at {
            At::Begin => {
                if byte == b'{' {
                    object(open)
                } else {
                    None
                }
            }
            At::Name { space: true, close } if byte == b' ' => Some((At::Name { space: false, close }, open)),
            At::Name { close: true, .. } if byte == b'}' => Some((At::After, open.closed())),
            At::Name { .. } => Some((At::InName(name.step(Automaton::START, byte)?), open)),
            At::InName(inside) if name.accepts(inside) => {
                (byte == b':').then_some((At::Value { space: true, close: false }, open))
            }
            At::InName(inside) => Some((At::InName(name.step(inside, byte)?), open)),
            At::Value { space: true, close } if byte == b' ' => {
                Some((At::Value { space: false, close }, open))
            }
            At::Value { close: true, .. } if byte == b']' => Some((At::After, open.closed())),
            At::Value { .. } => match byte {
                b'{' => object(open),
                b'[' => Some((At::Value { space: false, close: true }, open.with(false)?)),
                _ => Some((At::InValue(value.step(Automaton::START, byte)?), open)),
            },
            At::InValue(inside) => match value.step(inside, byte) {
                Some(inside) => Some((At::InValue(inside), open)),
                None if value.accepts(inside) => after(open),
                None => None,
            },
            At::After => after(open),
        }
    };
    // Bytes that none of the parts tells apart.
    let mut known = HashMap::new();
    let mut example = Vec::new();
    let classes: [u8; 256] = std::array::from_fn(|byte| {
        let byte = byte as u8;
        let own = if b"{}[],: ".contains(&byte) { byte } else { 0 };
        *known.entry((name.class(byte), value.class(byte), own)).or_insert_with(|| {
            example.push(byte);
            (example.len() - 1) as u8
        })
    });
    let begin = (At::Begin, Open::NONE);
    let mut numbers = HashMap::from([(begin, 0_u32)]);
    let (mut states, mut next, mut accepts) = (vec![begin], Vec::new(), Vec::new());
    let mut at = 0;
    while let Some(state) = states.get(at).copied() {
        accepts.push(state == (At::After, Open::NONE));
        for byte in &example {
            next.push(step(state, *byte).map_or(DEAD, |to| {
                *numbers.entry(to).or_insert_with(|| {
                    states.push(to);
                    states.len() as u32 - 1
                })
            }));
        }
        at += 1;
    }
    Ok(Automaton::from_parts(classes, example.len(), next, accepts))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn admits(text: &str) -> bool {
        let automaton = any_object().unwrap();
        let end = text.bytes().try_fold(Automaton::START, |state, byte| automaton.step(state, byte));
        end.is_some_and(|state| automaton.accepts(state))
    }

    #[test]
    fn objects_of_every_kind_are_admitted() {
        for text in [
            "{}",
            r#"{"a": 1}"#,
            r#"{"a":[],"b": {"c":[1, -2.5e+3,null, true,false, "é😀\n\"\u00e9", {}, [[]]]}}"#,
            r#"{"":{"":{"":{"":{"":{"":{"":{}}}}}}}}"#,
        ] {
            assert!(admits(text), "{text}");
            assert!(serde_json::from_str::<Value>(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn nothing_else_is() {
        for text in [
            "",
            "{",
            "[]",
            "1",
            "{}{}",
            "{,}",
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{"a":1,}"#,
            r#"{"a":[1,]}"#,
            r#"{"a":[1}"#,
            r#"{"a":{]}"#,
            r#"{"a":01}"#,
            r#"{"a":tru}"#,
            r#"{"a":1"b":2}"#,
            r#"{a:1}"#,
            "{\"a\":\n1}",
            "{\"a\n\":1}",
            r#"{"":{"":{"":{"":{"":{"":{"":{"":{}}}}}}}}}"#,
            r#"{"a":"\ud800"}"#,
            r#"{"a":1.}"#,
            r#"{"a":  1}"#,
            r#"{ }"#,
        ] {
            assert!(!admits(text), "{text}");
        }
        let automaton = any_object().unwrap();
        let broken = [&b"{\"a\":\""[..], b"\xC3", b"\"}"].concat();
        assert_eq!(
            broken.iter().try_fold(Automaton::START, |state, byte| automaton.step(state, *byte)),
            None
        );
    }

    /// Whoever follows the automaton at random always comes to an end, and what comes out is JSON.
    #[test]
    fn every_walk_that_ends_is_json() {
        let automaton = any_object().unwrap();
        let mut random = 7_u64;
        for _ in 0..200 {
            let (mut state, mut text) = (Automaton::START, Vec::new());
            while !automaton.accepts(state) {
                random =
                    random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let left = automaton.distance(state);
                let bytes = (0..=u8::MAX).filter_map(|byte| Some((byte, automaton.step(state, byte)?)));
                // Towards the end after a while.
                let ways: Vec<_> =
                    bytes.filter(|(_, to)| text.len() < 60 || automaton.distance(*to) < left).collect();
                let (byte, to) = ways[(random >> 33) as usize % ways.len()];
                text.push(byte);
                state = to;
            }
            let text = String::from_utf8(text).unwrap();
            assert!(serde_json::from_str::<Value>(&text).is_ok_and(|value| value.is_object()), "{text}");
        }
    }
}
