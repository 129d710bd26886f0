//! Integers as decimal strings in JSON: readers in JavaScript would round a 64-bit JSON number.

use std::{fmt::Display, str::FromStr};

use serde::{Deserialize, Deserializer, Serializer, de::Error};

pub(crate) fn serialize<S: Serializer>(value: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// Accepts the one spelling that `serialize` writes: no sign, no leading zero, no space.
pub(crate) fn deserialize<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr + Display,
{
    let text = String::deserialize(deserializer)?;
    match text.parse::<T>() {
        Ok(value) if value.to_string() == text => Ok(value),
        _ => Err(D::Error::custom(format_args!(
            "{text:?} is not an unsigned integer of this field's width, written as a decimal string"
        ))),
    }
}
