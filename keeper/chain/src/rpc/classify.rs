//! Reads JSON-RPC error objects. There is no standard for them: messages differ per client, so the known wordings of
//! geth, op-geth, reth, erigon, nethermind, anvil and the large providers are recognised.

use alloy::primitives::hex;
use serde::Deserialize;

use super::Rejection;
use crate::bindings::Revert;

/// The `error` member of a response.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ErrorObject {
    pub(crate) code: i64,
    #[serde(default)]
    pub(crate) message: String,
    #[serde(default)]
    pub(crate) data: serde_json::Value,
}

impl ErrorObject {
    /// The message, cut to a bearable length.
    pub(crate) fn short_message(&self) -> String {
        self.message.chars().take(MESSAGE_LIMIT).collect()
    }
}

/// Longest part of a message that is kept: endpoints choose it, logs must not.
const MESSAGE_LIMIT: usize = 300;

type Wrap = fn(String) -> Rejection;

/// Lower-case fragments, most telling first: "nonce too low" occurs in messages that begin with "already known".
const WORDINGS: &[(&[&str], Wrap)] = &[
    (
        &["already known", "already imported", "known transaction", "alreadyknown", "already in mempool"],
        Rejection::AlreadyKnown,
    ),
    (
        &[
            "replacement transaction underpriced",
            "underpriced",
            "fee too low",
            "feetoolow",
            "max fee per gas less than block base fee",
            "less than block base fee",
            "tip too low",
            "gas price too low",
        ],
        Rejection::Underpriced,
    ),
    (
        &["nonce too low", "nonce is too low", "oldnonce", "nonce has already been used"],
        Rejection::NonceTooLow,
    ),
    (
        &["insufficient funds", "insufficientfunds", "insufficient balance", "out of funds"],
        Rejection::InsufficientFunds,
    ),
    (
        &[
            "exceeds block gas limit",
            "intrinsic gas too low",
            "intrinsic gas too high",
            "gas limit too high",
            "gas limit is greater than the cap",
            "exceeds max transaction gas limit",
            "transaction gas limit",
            "gas required exceeds allowance",
        ],
        Rejection::GasLimit,
    ),
    (
        &[
            "query returned more than",
            "too many results",
            "block range",
            "range too large",
            "range is too large",
            "range limit",
            "exceed maximum block range",
            "exceeds max results",
            "max results",
            "response size exceeded",
            "response is too big",
            "response too large",
            "query exceeds",
            "logs matched by query exceeds limit",
            "too many logs",
        ],
        Rejection::RangeTooLarge,
    ),
    (
        &[
            "unknown block",
            "block not found",
            "header not found",
            "header for hash not found",
            "blocknotfound",
            "missing trie node",
            "could not find block",
            "block_out_of_range",
            "block out of range",
        ],
        Rejection::UnknownBlock,
    ),
    (
        &[
            "rate limit",
            "too many requests",
            "request limit",
            "exceeded its compute units",
            "daily request count",
        ],
        Rejection::RateLimited,
    ),
    (
        &["method not found", "does not exist/is not available", "not supported", "not available on this"],
        Rejection::UnsupportedMethod,
    ),
];

/// Code of "execution reverted with data" in geth and its relatives.
const CODE_REVERTED: i64 = 3;
const CODE_METHOD_NOT_FOUND: i64 = -32601;
const CODE_LIMIT_EXCEEDED: i64 = -32005;

/// Says what an error object means.
pub(crate) fn classify(error: &ErrorObject) -> Rejection {
    let message = error.short_message();
    let lower = message.to_lowercase();
    if let Some(data) = revert_data(&error.data) {
        return Rejection::Reverted(Revert::decode(&data));
    }
    if error.code == CODE_REVERTED || lower.contains("execution reverted") || lower.contains("vm exception") {
        let mut revert = Revert::decode(&[]);
        if let Some((_, reason)) = message.split_once("reverted: ") {
            revert.text = reason.to_owned();
        }
        return Rejection::Reverted(revert);
    }
    if error.code == CODE_METHOD_NOT_FOUND {
        return Rejection::UnsupportedMethod(message);
    }
    for (fragments, wrap) in WORDINGS {
        if fragments.iter().any(|fragment| lower.contains(fragment)) {
            return wrap(message);
        }
    }
    if error.code == CODE_LIMIT_EXCEEDED || error.code == 429 {
        return Rejection::RateLimited(message);
    }
    Rejection::Other { code: error.code, message }
}

/// Revert data lies in `data` as hex, or one or two levels deeper in an object. Hex of fewer than four bytes is no
/// revert of a contract unless it is empty data with a reverting code, which the caller handles.
fn revert_data(value: &serde_json::Value) -> Option<Vec<u8>> {
    match value {
        serde_json::Value::String(text) => {
            let text = text.strip_prefix("Reverted ").unwrap_or(text);
            let bytes = hex::decode(text.strip_prefix("0x")?).ok()?;
            (bytes.len() >= 4).then_some(bytes)
        }
        serde_json::Value::Object(fields) => {
            ["data", "originalError", "result"].iter().find_map(|name| revert_data(fields.get(*name)?))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: i64, message: &str) -> Rejection {
        classify(&ErrorObject { code, message: message.to_owned(), data: serde_json::Value::Null })
    }

    #[test]
    fn knows_the_wordings_of_the_clients() {
        assert!(matches!(of(-32000, "already known"), Rejection::AlreadyKnown(_)));
        assert!(matches!(of(-32000, "transaction already imported"), Rejection::AlreadyKnown(_)));
        assert!(matches!(of(-32000, "replacement transaction underpriced"), Rejection::Underpriced(_)));
        assert!(matches!(of(-32003, "transaction underpriced: gas tip cap 1"), Rejection::Underpriced(_)));
        assert!(matches!(of(-32000, "nonce too low: next nonce 5, tx nonce 4"), Rejection::NonceTooLow(_)));
        assert!(matches!(
            of(-32003, "Insufficient funds for gas * price + value"),
            Rejection::InsufficientFunds(_)
        ));
        assert!(matches!(of(-32005, "query returned more than 10000 results"), Rejection::RangeTooLarge(_)));
        assert!(matches!(of(-32602, "block range is too large, max is 2000"), Rejection::RangeTooLarge(_)));
        assert!(matches!(of(-32005, "limit exceeded"), Rejection::RateLimited(_)));
        assert!(matches!(of(429, "slow down"), Rejection::RateLimited(_)));
        assert!(matches!(of(-32601, "the method eth_x does not exist"), Rejection::UnsupportedMethod(_)));
        assert!(matches!(of(-32000, "header not found"), Rejection::UnknownBlock(_)));
        assert!(matches!(of(-32000, "exceeds block gas limit"), Rejection::GasLimit(_)));
        assert!(matches!(of(-1, "boom"), Rejection::Other { code: -1, .. }));
    }

    #[test]
    fn finds_revert_data_where_clients_put_it() {
        let data = "0x08c379a0000000000000000000000000000000000000000000000000000000000000002000000000000000000000000000000000000000000000000000000000000000026e6f000000000000000000000000000000000000000000000000000000000000";
        for value in [
            serde_json::json!(data),
            serde_json::json!({ "data": data }),
            serde_json::json!({ "originalError": { "data": data } }),
        ] {
            let rejection =
                classify(&ErrorObject { code: 3, message: "execution reverted".to_owned(), data: value });
            let Rejection::Reverted(revert) = rejection else { panic!("{rejection:?}") };
            assert_eq!(revert.text, "no");
        }
    }

    #[test]
    fn a_revert_without_data_keeps_the_reason_in_the_message() {
        let Rejection::Reverted(revert) = of(3, "execution reverted: too late") else { panic!() };
        assert_eq!(revert.text, "too late");
    }

    #[test]
    fn an_endless_message_is_cut() {
        let Rejection::Other { message, .. } = of(-1, &"x".repeat(10_000)) else { panic!() };
        assert_eq!(message.len(), MESSAGE_LIMIT);
    }
}
