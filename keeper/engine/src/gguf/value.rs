/// A metadata value, widened: the file's integer widths carry no meaning.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Int(i64),
    Uint(u64),
    Float(f64),
    Bool(bool),
    String(String),
    Strings(Vec<String>),
    Ints(Vec<i64>),
    Floats(Vec<f32>),
    /// A list that no supported model needs; read past, not kept.
    Skipped,
}

impl Value {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Value::Int(_) | Value::Uint(_) => "a whole number",
            Value::Float(_) => "a number",
            Value::Bool(_) => "a truth value",
            Value::String(_) => "text",
            Value::Strings(_) => "a list of texts",
            Value::Ints(_) => "a list of whole numbers",
            Value::Floats(_) => "a list of numbers",
            Value::Skipped => "another kind of list",
        }
    }

    pub(super) fn as_uint(&self) -> Option<u64> {
        match self {
            Value::Uint(value) => Some(*value),
            Value::Int(value) => u64::try_from(*value).ok(),
            _ => None,
        }
    }

    pub(super) fn as_float(&self) -> Option<f64> {
        match self {
            Value::Float(value) => Some(*value),
            _ => None,
        }
    }

    pub(super) fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(value) => Some(value),
            _ => None,
        }
    }

    pub(super) fn as_strings(&self) -> Option<&[String]> {
        match self {
            Value::Strings(values) => Some(values),
            _ => None,
        }
    }

    pub(super) fn as_ints(&self) -> Option<&[i64]> {
        match self {
            Value::Ints(values) => Some(values),
            _ => None,
        }
    }

    pub(super) fn as_floats(&self) -> Option<&[f32]> {
        match self {
            Value::Floats(values) => Some(values),
            _ => None,
        }
    }
}
