//! The keys that exist, read off the types that hold them: a deserializer that carries no data records the field names
//! that each type asks for, so there is no second list to keep.

use std::collections::BTreeMap;

use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// A place in the configuration.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Keys {
    /// The keys below, empty for a value.
    pub(crate) below: BTreeMap<&'static str, Keys>,
    /// Whether this is a list of tables.
    pub(crate) list: bool,
}

impl Keys {
    /// The keys of `T`.
    pub(crate) fn of<T: for<'de> Deserialize<'de>>() -> Self {
        explore::<T>(&mut Vec::new())
    }

    /// Paths of all values, dotted.
    pub(crate) fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        for (name, keys) in &self.below {
            if keys.below.is_empty() {
                paths.push((*name).to_owned());
            }
            paths.extend(keys.paths().iter().map(|path| format!("{name}.{path}")));
        }
        paths
    }
}

fn explore<T: for<'de> Deserialize<'de>>(path: &mut Vec<&'static str>) -> Keys {
    let mut found = Found::default();
    // The probe ends every deserialization with an error; what it found on the way is the result.
    let _ = T::deserialize(Probe { path, found: &mut found });
    let mut keys = Keys { below: BTreeMap::new(), list: found.list };
    for field in found.fields {
        path.push(field);
        keys.below.insert(field, explore::<T>(path));
        path.pop();
    }
    keys
}

#[derive(Default)]
struct Found {
    fields: &'static [&'static str],
    list: bool,
}

/// Walks down `path` and records the fields of the struct at its end.
struct Probe<'a> {
    path: &'a [&'static str],
    found: &'a mut Found,
}

#[derive(Debug)]
struct Stop;

impl std::fmt::Display for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("probe")
    }
}

impl std::error::Error for Stop {}

impl de::Error for Stop {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Self
    }
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Stop;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Stop> {
        Err(Stop)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        if self.path.is_empty() {
            self.found.fields = fields;
            return Err(Stop);
        }
        visitor.visit_map(self)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_some(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.found.list = self.path.is_empty();
        visitor.visit_seq(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct tuple tuple_struct map enum identifier ignored_any
    }
}

impl<'de> MapAccess<'de> for Probe<'_> {
    type Error = Stop;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Stop> {
        let Some((name, below)) = self.path.split_first() else { return Err(Stop) };
        self.path = below;
        seed.deserialize(de::value::StrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Stop> {
        seed.deserialize(Probe { path: self.path, found: self.found })
    }
}

impl<'de> SeqAccess<'de> for Probe<'_> {
    type Error = Stop;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Stop> {
        seed.deserialize(Probe { path: self.path, found: self.found }).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    #[allow(dead_code, reason = "only the shape matters")]
    struct Outer {
        text: String,
        inner: Option<Inner>,
        list: Vec<Inner>,
    }

    #[derive(serde::Deserialize)]
    #[allow(dead_code, reason = "only the shape matters")]
    struct Inner {
        number: u64,
    }

    #[test]
    fn keys_follow_the_types() {
        let keys = Keys::of::<Outer>();
        assert_eq!(keys.paths(), ["inner.number", "list.number", "text"]);
        assert!(keys.below["list"].list && !keys.below["inner"].list);
    }
}
