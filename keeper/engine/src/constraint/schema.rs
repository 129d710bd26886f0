//! From a JSON schema to the regular expression of the JSON texts that it admits.
//!
//! Keywords that narrow a schema down and are not known are refused: an answer that breaks the schema would be worse than none.
//! Everything that comes out is admitted by the schema; not everything that the schema admits can come out: objects have only
//! the properties that are named, those listed in `required` first and in that order.

use serde_json::{Map, Value};

/// Depth of schemas in schemas, references followed.
const MAX_DEPTH: usize = 24;
/// Most bytes of the pattern.
const MAX_PATTERN: usize = 128 * 1024;
/// Largest bound on characters or items.
const MAX_COUNT: u64 = 1000;

pub(super) const CHARACTER: &str =
    r#"(?:[^"\\\x00-\x1F]|\\(?:["\\/bfnrt]|u(?:[0-9A-CE-Fa-ce-f][0-9A-Fa-f]{3}|[Dd][0-7][0-9A-Fa-f]{2})))"#;
const INTEGER: &str = "-?(?:0|[1-9][0-9]{0,17})";
pub(super) const NUMBER: &str = r"-?(?:0|[1-9][0-9]{0,15})(?:\.[0-9]{1,16})?(?:[Ee][+-]?[0-9]{1,2})?";
const COMMA: &str = ", ?";

/// Keywords that say nothing about what is admitted.
const NOTES: [&str; 12] = [
    "$schema",
    "$id",
    "$comment",
    "$defs",
    "definitions",
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
];

/// The pattern of a schema, or why there is none.
pub(super) fn pattern(schema: &Value) -> Result<String, String> {
    Translation { root: schema }.value(schema, 0)
}

struct Translation<'a> {
    root: &'a Value,
}

impl Translation<'_> {
    fn value(&self, schema: &Value, depth: usize) -> Result<String, String> {
        if depth > MAX_DEPTH {
            return Err(format!(
                "nested deeper than {MAX_DEPTH}; schemas that contain themselves have no end"
            ));
        }
        let Value::Object(keywords) = schema else {
            return Err(format!("`{schema}` admits anything or nothing; give a `type`"));
        };
        let pattern = if let Some(target) = keywords.get("$ref") {
            known(keywords, &["$ref"])?;
            self.value(self.resolve(target)?, depth + 1)?
        } else if let Some(value) = keywords.get("const") {
            known(keywords, &["const", "type"])?;
            literal(value)
        } else if let Some(values) = keywords.get("enum") {
            known(keywords, &["enum", "type"])?;
            either(list(values, "enum")?.iter().map(literal).collect())?
        } else if let Some(schemas) = keywords.get("anyOf") {
            known(keywords, &["anyOf"])?;
            let each = list(schemas, "anyOf")?.iter().map(|schema| self.value(schema, depth + 1));
            either(each.collect::<Result<_, _>>()?)?
        } else {
            match keywords.get("type") {
                Some(Value::Array(types)) => {
                    let each = types.iter().map(|kind| self.typed(kind, keywords, true, depth));
                    either(each.collect::<Result<_, _>>()?)?
                }
                Some(kind) => self.typed(kind, keywords, false, depth)?,
                None => return Err("a schema without `type`, `enum`, `const`, `anyOf` or `$ref`".to_owned()),
            }
        };
        if pattern.len() > MAX_PATTERN {
            return Err(format!("its pattern is longer than {MAX_PATTERN} bytes"));
        }
        Ok(pattern)
    }

    /// `several` says that keywords of other types may be there too.
    fn typed(
        &self,
        kind: &Value,
        keywords: &Map<String, Value>,
        several: bool,
        depth: usize,
    ) -> Result<String, String> {
        const ALL: [&str; 9] = [
            "type",
            "properties",
            "required",
            "additionalProperties",
            "items",
            "minItems",
            "maxItems",
            "minLength",
            "maxLength",
        ];
        let allow = |own: &[&str]| known(keywords, if several { &ALL } else { own });
        match kind.as_str().unwrap_or_default() {
            "object" => {
                allow(&["type", "properties", "required", "additionalProperties"])?;
                self.object(keywords, depth)
            }
            "array" => {
                allow(&["type", "items", "minItems", "maxItems"])?;
                self.array(keywords, depth)
            }
            "string" => {
                allow(&["type", "minLength", "maxLength"])?;
                let (least, most) = bounds(keywords, "minLength", "maxLength")?;
                Ok(format!("\"{CHARACTER}{}\"", repeat(least, most)))
            }
            "integer" => allow(&["type"]).map(|()| INTEGER.to_owned()),
            "number" => allow(&["type"]).map(|()| NUMBER.to_owned()),
            "boolean" => allow(&["type"]).map(|()| "(?:true|false)".to_owned()),
            "null" => allow(&["type"]).map(|()| "null".to_owned()),
            _ => Err(format!("type {kind} is not known")),
        }
    }

    fn object(&self, keywords: &Map<String, Value>, depth: usize) -> Result<String, String> {
        let nothing = Map::new();
        let properties = match keywords.get("properties") {
            Some(Value::Object(properties)) => properties,
            Some(other) => return Err(format!("`properties` is {other}, not an object")),
            None => &nothing,
        };
        let mut first = Vec::new();
        for name in keywords.get("required").map_or(Ok([].as_slice()), |names| list(names, "required"))? {
            let name = name.as_str().unwrap_or_default();
            if !properties.contains_key(name) {
                return Err(format!("`{name}` is required but not among the `properties`"));
            }
            if first.contains(&name) {
                return Err(format!("`{name}` is required twice"));
            }
            first.push(name);
        }
        let member = |name: &str| -> Result<String, String> {
            let value = self.value(&properties[name], depth + 1)?;
            Ok(format!("{}: ?(?:{value})", literal(&Value::from(name))))
        };
        let optional: Vec<&str> =
            properties.keys().map(String::as_str).filter(|name| !first.contains(name)).collect();
        let required: Vec<String> = first.iter().map(|name| member(name)).collect::<Result<_, _>>()?;
        let optional: Vec<String> = optional.iter().map(|name| member(name)).collect::<Result<_, _>>()?;
        let after = |members: &[String]| -> String {
            members.iter().map(|member| format!("(?:{COMMA}{member})?")).collect()
        };
        if !required.is_empty() {
            return Ok(format!(r"\{{{}{}\}}", required.join(COMMA), after(&optional)));
        }
        // Whichever comes first has no comma before it.
        let begins = optional.iter().enumerate();
        let begins: Vec<String> =
            begins.map(|(at, member)| format!("{member}{}", after(&optional[at + 1..]))).collect();
        Ok(if begins.is_empty() { r"\{\}".to_owned() } else { format!(r"\{{(?:{})?\}}", begins.join("|")) })
    }

    fn array(&self, keywords: &Map<String, Value>, depth: usize) -> Result<String, String> {
        let (least, most) = bounds(keywords, "minItems", "maxItems")?;
        if most == Some(0) {
            return Ok(r"\[\]".to_owned());
        }
        let items = keywords.get("items").ok_or("an array without `items`")?;
        let item = self.value(items, depth + 1)?;
        let more = repeat(least.saturating_sub(1), most.map(|most| most - 1));
        let items = format!("(?:{item})(?:{COMMA}(?:{item})){more}");
        Ok(if least == 0 { format!(r"\[(?:{items})?\]") } else { format!(r"\[{items}\]") })
    }

    /// The part of the whole schema that a reference like `#/$defs/name` means.
    fn resolve(&self, target: &Value) -> Result<&Value, String> {
        let pointer = target.as_str().and_then(|text| text.strip_prefix('#'));
        pointer
            .and_then(|pointer| self.root.pointer(pointer))
            .ok_or_else(|| format!("the reference {target} leads nowhere inside the schema"))
    }
}

fn known(keywords: &Map<String, Value>, known: &[&str]) -> Result<(), String> {
    let known = |name: &&String| known.contains(&name.as_str()) || NOTES.contains(&name.as_str());
    match keywords.keys().find(|name| !known(name)) {
        Some(name) => Err(format!("the keyword `{name}` cannot be followed here; remove it or use a regex")),
        None => Ok(()),
    }
}

fn list<'a>(value: &'a Value, keyword: &str) -> Result<&'a [Value], String> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| format!("`{keyword}` is not a list"))
}

fn either(patterns: Vec<String>) -> Result<String, String> {
    if patterns.is_empty() {
        return Err("an empty list admits nothing".to_owned());
    }
    Ok(format!("(?:{})", patterns.join("|")))
}

fn literal(value: &Value) -> String {
    regex_syntax::escape(&value.to_string())
}

fn bounds(keywords: &Map<String, Value>, least: &str, most: &str) -> Result<(u64, Option<u64>), String> {
    let bound = |name: &str| match keywords.get(name) {
        None => Ok(None),
        Some(value) => match value.as_u64().filter(|count| *count <= MAX_COUNT) {
            Some(count) => Ok(Some(count)),
            None => Err(format!("`{name}` is {value}, not a whole number up to {MAX_COUNT}")),
        },
    };
    let (least, most) = (bound(least)?.unwrap_or(0), bound(most)?);
    if most.is_some_and(|most| most < least) {
        return Err("the largest count is below the least".to_owned());
    }
    Ok((least, most))
}

fn repeat(least: u64, most: Option<u64>) -> String {
    match (least, most) {
        (0, None) => "*".to_owned(),
        (least, None) => format!("{{{least},}}"),
        (least, Some(most)) => format!("{{{least},{most}}}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::constraint::Automaton;

    fn admits(schema: Value, text: &str) -> bool {
        let automaton = Automaton::compile(&pattern(&schema).unwrap()).unwrap();
        let end = text.bytes().try_fold(Automaton::START, |state, byte| automaton.step(state, byte));
        end.is_some_and(|state| automaton.accepts(state))
    }

    #[test]
    fn values_of_each_type_are_told_apart() {
        let cases = [
            (json!({"type": "string"}), r#""a \"b\" \u00e9 é😀""#, r#""\ud800""#),
            (json!({"type": "string", "minLength": 2, "maxLength": 3}), r#""é\n""#, r#""é""#),
            (json!({"type": "integer"}), "-120", "012"),
            (json!({"type": "number"}), "-1.5e-7", "1."),
            (json!({"type": ["boolean", "null"]}), "null", "nil"),
            (json!({"enum": ["a+b", 3, null]}), r#""a+b""#, r#""aab""#),
            (json!({"const": {"x": [1]}}), r#"{"x":[1]}"#, "{}"),
            (json!({"type": "array", "items": {"type": "integer"}}), "[1, 2,3]", "[1 2]"),
            (
                json!({"type": "array", "items": {"type": "null"}, "minItems": 1, "maxItems": 2}),
                "[null]",
                "[]",
            ),
            (json!({"type": "array", "maxItems": 0}), "[]", "[1]"),
            (json!({"type": "object"}), "{}", "{\"a\":1}"),
        ];
        for (schema, good, bad) in cases {
            assert!(admits(schema.clone(), good), "{schema} {good}");
            assert!(serde_json::from_str::<Value>(good).is_ok(), "{good}");
            assert!(!admits(schema.clone(), bad), "{schema} {bad}");
        }
    }

    #[test]
    fn objects_have_required_members_first_and_optional_ones_where_they_like() {
        let schema = json!({
            "type": "object",
            "properties": {"b": {"type": "integer"}, "a": {"$ref": "#/$defs/flag"}, "c": {"type": "null"}},
            "required": ["b"],
            "$defs": {"flag": {"type": "boolean", "description": "ignored"}}
        });
        for good in
            [r#"{"b": 1}"#, r#"{"b":1,"a":true}"#, r#"{"b":1, "c": null}"#, r#"{"b":1,"a":true,"c":null}"#]
        {
            assert!(admits(schema.clone(), good), "{good}");
        }
        for bad in [r#"{"a":true}"#, r#"{"b":1,}"#, r#"{"b":1,"d":2}"#, r#"{"b":1"a":true}"#] {
            assert!(!admits(schema.clone(), bad), "{bad}");
        }
        let optional =
            json!({"type": "object", "properties": {"a": {"type": "null"}, "b": {"type": "null"}}});
        for good in ["{}", r#"{"a":null}"#, r#"{"b":null}"#, r#"{"a":null,"b":null}"#] {
            assert!(admits(optional.clone(), good), "{good}");
        }
        assert!(!admits(optional, r#"{,"b":null}"#));
    }

    #[test]
    fn what_cannot_be_followed_is_refused_by_name() {
        for (schema, says) in [
            (json!(true), "anything"),
            (json!({}), "without `type`"),
            (json!({"type": "integer", "minimum": 3}), "`minimum`"),
            (json!({"type": "string", "pattern": "a"}), "`pattern`"),
            (json!({"oneOf": [{"type": "null"}]}), "without `type`"),
            (json!({"type": "array"}), "without `items`"),
            (json!({"type": "object", "required": ["x"]}), "`x` is required"),
            (json!({"$ref": "#"}), "nested deeper"),
            (json!({"$ref": "https://example.org/s"}), "leads nowhere"),
            (json!({"type": "string", "minLength": 5, "maxLength": 4}), "below the least"),
            (json!({"type": "string", "maxLength": 5000}), "up to 1000"),
            (json!({"enum": []}), "admits nothing"),
            (json!({"type": "float"}), "is not known"),
        ] {
            let error = pattern(&schema).unwrap_err();
            assert!(error.contains(says), "{schema}: {error}");
        }
    }
}
