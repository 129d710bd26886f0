//! Canonical JSON: properties, and values that are refused rather than changed.

use opg_receipts::{CanonicalError, canonical_json, canonicalize, json_hash, trace_hash};
use proptest::prelude::*;
use serde_json::{Map, Number, Value, json};

fn value() -> impl Strategy<Value = Value> {
    let float = any::<f64>().prop_filter_map("not finite", Number::from_f64).prop_map(Value::Number);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i32>().prop_map(Value::from),
        float,
        any::<String>().prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        let object = proptest::collection::btree_map(any::<String>(), inner.clone(), 0..6);
        prop_oneof![
            proptest::collection::vec(inner, 0..6).prop_map(Value::Array),
            object.prop_map(|entries| Value::Object(Map::from_iter(entries))),
        ]
    })
}

/// The same value with every float that is an integer as an integer, so that spellings compare equal.
fn plain(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(elements) => elements.iter().map(plain).collect(),
        Value::Object(entries) => entries.iter().map(|(key, value)| (key.clone(), plain(value))).collect(),
        other => other.clone(),
    }
}

proptest! {
    #[test]
    fn canonical_form_is_the_same_value_and_its_own_canonical_form(value in value()) {
        let canonical = canonical_json(&value).unwrap();
        let read: Value = serde_json::from_slice(&canonical).unwrap();
        prop_assert_eq!(plain(&read), plain(&value));
        prop_assert_eq!(canonicalize(&canonical).unwrap(), canonical);
    }

    #[test]
    fn spelling_of_the_text_does_not_matter(value in value()) {
        let pretty = serde_json::to_vec_pretty(&value).unwrap();
        prop_assert_eq!(canonicalize(&pretty).unwrap(), canonical_json(&value).unwrap());
    }

    #[test]
    fn arbitrary_bytes_never_panic_and_what_is_accepted_is_json(bytes in any::<Vec<u8>>()) {
        if let Ok(canonical) = canonicalize(&bytes) {
            serde_json::from_slice::<Value>(&canonical).unwrap();
        }
    }

    #[test]
    fn integers_are_kept_or_refused(number in any::<i64>()) {
        match canonical_json(&number) {
            Ok(text) => prop_assert_eq!(String::from_utf8(text).unwrap(), number.to_string()),
            Err(error) => {
                prop_assert!(number.unsigned_abs() > 1 << 53, "{} refused", number);
                prop_assert!(error.to_string().contains(&number.to_string()), "{}", error);
            }
        }
    }
}

#[test]
fn values_that_json_cannot_hold_are_refused() {
    #[derive(serde::Serialize)]
    enum Shape {
        Number(f64),
        Pair(f32, f64),
        Named { inner: Option<Vec<f64>> },
    }
    for float in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let shapes = [
            Shape::Number(float),
            Shape::Pair(float as f32, 0.0),
            Shape::Pair(0.0, float),
            Shape::Named { inner: Some(vec![0.0, float]) },
        ];
        for shape in shapes {
            let refused =
                [canonical_json(&shape), canonical_json(&[("key", &shape)]), canonical_json(&(1, &shape))];
            for error in refused.map(Result::unwrap_err) {
                assert!(matches!(error, CanonicalError::Value(_)), "{float}: {error}");
            }
        }
        let error = canonical_json(&float).unwrap_err().to_string();
        assert!(error.contains(&float.to_string()), "{error}");
    }
    let error = canonical_json(&[u64::MAX]).unwrap_err();
    assert!(matches!(&error, CanonicalError::Number(number) if *number == u64::MAX.to_string()), "{error}");
    canonical_json(&u128::MAX).unwrap_err();
}

#[test]
fn depth_is_bounded() {
    let deep = [b"[".repeat(100_000), b"]".repeat(100_000)].concat();
    assert!(matches!(canonicalize(&deep), Err(CanonicalError::Json(_))));
}

#[test]
fn hashes_depend_on_the_value_and_not_on_the_order_of_keys() {
    let one: Value = serde_json::from_str(r#"{"a":1,"b":[true,null]}"#).unwrap();
    let other: Value = serde_json::from_str(r#"{"b":[true,null],"a":1.0}"#).unwrap();
    assert_eq!(json_hash(&one).unwrap(), json_hash(&other).unwrap());
    assert_eq!(trace_hash(&one).unwrap(), trace_hash(&other).unwrap());
    assert_ne!(json_hash(&one).unwrap(), json_hash(&json!({"a": 1})).unwrap());
}
