//! `tojson` as chat templates expect it: the JSON that models saw when they were trained, which is not the one made for HTML.

use minijinja::value::{Kwargs, Value};
use minijinja::{Error, ErrorKind};
use serde_json::Value as Json;

/// What comes first in an object, in this order; the other keys follow in the order of the alphabet.
const FIRST: [&str; 8] =
    ["type", "function", "name", "description", "parameters", "arguments", "properties", "required"];

/// The filter.
pub(super) fn tojson(value: &Value, options: Kwargs) -> Result<String, Error> {
    let indent: Option<usize> = options.get("indent")?;
    // What else may be asked for does not change the text of what templates are given.
    for ignored in ["ensure_ascii", "sort_keys", "separators"] {
        let _: Option<Value> = options.get(ignored)?;
    }
    options.assert_all_used()?;
    let json = serde_json::to_value(value)
        .map_err(|error| Error::new(ErrorKind::BadSerialization, error.to_string()))?;
    let mut out = String::new();
    write(&json, indent, 0, &mut out);
    Ok(out)
}

fn write(json: &Json, indent: Option<usize>, depth: usize, out: &mut String) {
    match json {
        Json::Array(items) => {
            let each = items.iter().map(|item| move |out: &mut String| write(item, indent, depth + 1, out));
            list(['[', ']'], each, indent, depth, out);
        }
        Json::Object(members) => {
            let mut names: Vec<&String> = members.keys().collect();
            let rank = |name: &str| FIRST.iter().position(|first| *first == name).unwrap_or(FIRST.len());
            names.sort_by_key(|name| (rank(name), name.as_str()));
            let each = names.into_iter().map(|name| {
                move |out: &mut String| {
                    out.push_str(&Json::from(name.as_str()).to_string());
                    out.push_str(": ");
                    write(&members[name], indent, depth + 1, out);
                }
            });
            list(['{', '}'], each, indent, depth, out);
        }
        other => out.push_str(&other.to_string()),
    }
}

fn list<F: FnOnce(&mut String)>(
    [open, close]: [char; 2],
    each: impl ExactSizeIterator<Item = F>,
    indent: Option<usize>,
    depth: usize,
    out: &mut String,
) {
    let empty = each.len() == 0;
    let line = |depth: usize, out: &mut String| {
        if let Some(width) = indent.filter(|_| !empty) {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', width.min(16) * depth));
        }
    };
    out.push(open);
    for (at, item) in each.enumerate() {
        if at > 0 {
            out.push_str(if indent.is_some() { "," } else { ", " });
        }
        line(depth + 1, out);
        item(out);
    }
    line(depth, out);
    out.push(close);
}

#[cfg(test)]
mod tests {
    use minijinja::value::Serde;
    use minijinja::{Environment, context};
    use serde_json::json;

    use super::*;

    fn render(template: &str, value: Json) -> String {
        let mut environment = Environment::new();
        environment.add_filter("tojson", |value: Value, options: Kwargs| tojson(&value, options));
        environment.render_str(template, context! { value => Value::from(Serde(value)) }).unwrap()
    }

    #[test]
    fn text_is_not_escaped_for_html_and_keys_come_in_the_order_of_schemas() {
        let value = json!({
            "function": {"parameters": {"required": ["a"], "type": "object", "properties": {"b": 1, "a": "<é'&>\"\n"}}, "name": "f"},
            "type": "function", "empty": [], "none": {}
        });
        assert_eq!(
            render("{{ value|tojson }}", value),
            r#"{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {"a": "<é'&>\"\n", "b": 1}, "required": ["a"]}}, "empty": [], "none": {}}"#
        );
    }

    #[test]
    fn lines_are_indented_where_that_is_asked_for() {
        let text = render("{{ value|tojson(indent=2) }}", json!({"a": [1, 2], "b": {}}));
        assert_eq!(text, "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {}\n}");
    }
}
