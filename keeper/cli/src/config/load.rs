//! From a file and the environment to a `ConfigFile`, with every mistake found on the way. A bad value never hides the
//! next one: each leaf is decoded on its own first, and only the good ones make up the result.

use serde::Deserialize as _;
use toml::{Table, Value};

use super::{file::ConfigFile, keys::Keys};
use crate::error::{Code, Problem};

/// What environment variables that set configuration keys begin with; `__` stands for the dot.
pub(crate) const PREFIX: &str = "OPG_";

/// Variables with the prefix that are not configuration keys.
pub(crate) const RESERVED: &[&str] =
    &["OPG_CONFIG", "OPG_KEYSTORE_PASSWORD", "OPG_NEW_KEYSTORE_PASSWORD", "OPG_CACHE", "OPG_MODEL_SOURCE"];

/// Decodes `text`, overridden by `environment`. The second value lists everything that is wrong.
pub(crate) fn decode(
    text: &str,
    source: &str,
    environment: &[(String, String)],
) -> (ConfigFile, Vec<Problem>) {
    let keys = Keys::of::<ConfigFile>();
    let mut problems = Vec::new();
    let mut good = Table::new();
    match text.parse::<Table>() {
        Ok(table) => take_known(&table, &keys, &mut Path::new(source), &mut good, &mut problems),
        Err(error) => problems.push(Problem::new(
            Code::ConfigSyntax,
            source,
            error.to_string().trim(),
            "correct the TOML at this place; strings need quotes, sections are written [name]",
        )),
    }
    for (name, value) in environment {
        if let Some(path) = name.strip_prefix(PREFIX).filter(|_| !RESERVED.contains(&name.as_str())) {
            override_from(name, path, value, &keys, &mut good, &mut problems);
        }
    }
    match ConfigFile::deserialize(good) {
        Ok(file) => (file, problems),
        // Every leaf was decoded before; this could only be a fault of this module.
        Err(error) => {
            problems.push(Problem::new(Code::Internal, source, error, "report this together with the file"));
            (ConfigFile::default(), problems)
        }
    }
}

/// Where the walk is: names for messages, and the nesting in which a leaf is decoded alone.
struct Path<'a> {
    source: &'a str,
    steps: Vec<(String, Option<usize>)>,
}

impl<'a> Path<'a> {
    const fn new(source: &'a str) -> Self {
        Self { source, steps: Vec::new() }
    }

    fn dotted(&self) -> String {
        let step = |(name, index): &(String, Option<usize>)| match index {
            Some(index) => format!("{name}[{index}]"),
            None => name.clone(),
        };
        self.steps.iter().map(step).collect::<Vec<_>>().join(".")
    }

    fn input(&self) -> String {
        format!("`{}` in {}", self.dotted(), self.source)
    }

    /// Why `value` does not decode at this place, or `None`.
    fn refusal(&self, value: &Value) -> Option<String> {
        let mut nested = value.clone();
        for (name, index) in self.steps.iter().rev() {
            if index.is_some() {
                nested = Value::Array(vec![nested]);
            }
            nested = Value::Table(Table::from_iter([(name.clone(), nested)]));
        }
        ConfigFile::deserialize(nested).err().map(|error| error.message().to_owned())
    }
}

fn take_known(
    table: &Table,
    keys: &Keys,
    path: &mut Path<'_>,
    good: &mut Table,
    problems: &mut Vec<Problem>,
) {
    for (name, value) in table {
        path.steps.push((name.clone(), None));
        match keys.below.get(name.as_str()) {
            None => problems.push(unknown_key(&path.input(), name, keys)),
            Some(below) if below.below.is_empty() => match path.refusal(value) {
                None => drop(good.insert(name.clone(), value.clone())),
                Some(reason) => problems.push(bad_value(&path.input(), &reason, &path.dotted())),
            },
            Some(below) if below.list => take_list(name, value, below, path, good, problems),
            Some(below) => match value {
                Value::Table(inner) => {
                    let mut kept = Table::new();
                    take_known(inner, below, path, &mut kept, problems);
                    good.insert(name.clone(), Value::Table(kept));
                }
                other => problems.push(wrong_shape(&path.input(), other, &format!("[{name}]"))),
            },
        }
        path.steps.pop();
    }
}

fn take_list(
    name: &str,
    value: &Value,
    keys: &Keys,
    path: &mut Path<'_>,
    good: &mut Table,
    problems: &mut Vec<Problem>,
) {
    let Value::Array(items) = value else {
        problems.push(wrong_shape(&path.input(), value, &format!("[[{name}]]")));
        return;
    };
    let mut kept = Vec::new();
    for (index, item) in items.iter().enumerate() {
        path.steps.pop();
        path.steps.push((name.to_owned(), Some(index)));
        match item {
            Value::Table(inner) => {
                let mut table = Table::new();
                take_known(inner, keys, path, &mut table, problems);
                kept.push(Value::Table(table));
            }
            other => problems.push(wrong_shape(&path.input(), other, &format!("[[{name}]]"))),
        }
    }
    good.insert(name.to_owned(), Value::Array(kept));
}

fn override_from(
    variable: &str,
    path: &str,
    text: &str,
    keys: &Keys,
    good: &mut Table,
    problems: &mut Vec<Problem>,
) {
    let input = format!("environment variable {variable}");
    let known: Vec<String> = keys.paths().into_iter().filter(|path| !path.starts_with("models")).collect();
    let dotted = path.to_lowercase().replace("__", ".");
    if !known.contains(&dotted) {
        let remedy = match nearest(&dotted, known.iter().map(String::as_str)) {
            Some(near) => format!(
                "did you mean {PREFIX}{}? Unset it if it is not meant for opg",
                near.to_uppercase().replace('.', "__")
            ),
            None => format!("unset it; variables that set keys look like {PREFIX}CHAIN__RPC"),
        };
        problems.push(Problem::new(Code::ConfigUnknownKey, input, "no such key", remedy));
        return;
    }
    let steps = dotted.split('.').map(|step| (step.to_owned(), None)).collect();
    let place = Path { source: variable, steps };
    // A string where the key takes one, else what TOML makes of it: 5, true, ["a", "b"].
    let parsed = format!("value = {text}").parse::<Table>().ok().and_then(|mut table| table.remove("value"));
    let as_text = Value::String(text.to_owned());
    let refusal = match place.refusal(&as_text) {
        None => return set(good, &dotted, as_text),
        Some(refusal) => refusal,
    };
    match parsed.map(|value| (place.refusal(&value), value)) {
        Some((None, value)) => set(good, &dotted, value),
        Some((Some(reason), _)) => problems.push(bad_value(&input, &reason, &dotted)),
        None => problems.push(bad_value(&input, &refusal, &dotted)),
    }
}

fn set(good: &mut Table, dotted: &str, value: Value) {
    let (section, key) = dotted.split_once('.').unwrap_or(("", dotted));
    let table = good.entry(section).or_insert_with(|| Value::Table(Table::new()));
    if let Value::Table(table) = table {
        table.insert(key.to_owned(), value);
    }
}

fn bad_value(input: &str, reason: &str, dotted: &str) -> Problem {
    Problem::new(
        Code::ConfigValue,
        input,
        reason,
        format!("correct the value; the operator guide lists what `{}` takes", without_index(dotted)),
    )
}

fn without_index(dotted: &str) -> String {
    dotted
        .split('[')
        .enumerate()
        .map(|(i, part)| if i == 0 { part } else { part.split_once(']').map_or("", |(_, rest)| rest) })
        .collect()
}

fn wrong_shape(input: &str, value: &Value, heading: &str) -> Problem {
    Problem::new(
        Code::ConfigValue,
        input,
        format!("is a {} but must be a section", value.type_str()),
        format!("write {heading} on a line of its own and the keys below it"),
    )
}

fn unknown_key(input: &str, name: &str, keys: &Keys) -> Problem {
    let remedy = match nearest(name, keys.below.keys().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            let known: Vec<_> = keys.below.keys().map(|key| format!("`{key}`")).collect();
            format!("remove it; the keys here are {}", known.join(", "))
        }
    };
    Problem::new(Code::ConfigUnknownKey, input, "no such key", remedy)
}

/// The most similar of `known`, if any is similar enough to be what was meant: one slip per three letters.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(slips, candidate)| *slips <= candidate.chars().count().div_ceil(3))
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, candidate)| candidate)
}
