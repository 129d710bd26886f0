//! What a node means when it does not take a transaction. There is no standard for it: the words of geth, op-geth, reth,
//! erigon, nethermind and anvil are recognised.

use crate::rpc_trait::RpcError;

/// Why a transaction was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It is there already: as good as taken.
    AlreadyKnown,
    /// Something is mined at its nonce.
    NonceTooLow,
    /// Another transaction waits at its nonce and the new fee is not high enough above that one's, or the fee is below
    /// what the node takes at present.
    Underpriced,
    /// The account cannot pay for it.
    InsufficientFunds,
    /// No node will ever take these bytes.
    Invalid,
    /// No answer, or one that says nothing about the transaction.
    Unclear,
}

/// Lower-case fragments of messages. The order matters: "nonce too low" messages of some nodes mention other words.
const WORDINGS: &[(Refusal, &[&str])] = &[
    (
        Refusal::AlreadyKnown,
        &["already known", "already imported", "known transaction", "alreadyknown", "already in mempool"],
    ),
    (Refusal::NonceTooLow, &["nonce too low", "nonce is too low", "oldnonce", "nonce has already been used"]),
    (
        Refusal::Underpriced,
        &[
            "underpriced",
            "fee too low",
            "feetoolow",
            "less than block base fee",
            "tip too low",
            "gas price too low",
            "replacementnotallowed",
        ],
    ),
    (
        Refusal::InsufficientFunds,
        &["insufficient funds", "insufficientfunds", "insufficient balance", "out of funds", "overshot"],
    ),
    (
        Refusal::Invalid,
        &[
            "intrinsic gas too low",
            "exceeds block gas limit",
            "gas limit too high",
            "gas limit is greater than the cap",
            "exceeds max transaction gas limit",
            "oversized data",
            "invalid sender",
            "invalid chain id",
            "transaction type not supported",
            "max priority fee per gas higher than max fee",
        ],
    ),
];

impl Refusal {
    /// Classifies what a send returned.
    pub(super) fn of(error: &RpcError) -> Self {
        let text = match error {
            RpcError::Unreachable { reason, .. } => reason,
            RpcError::Refused { message, .. } => message,
            RpcError::Reverted { reason, .. } => reason,
        }
        .to_lowercase();
        let said = WORDINGS
            .iter()
            .find(|(_, fragments)| fragments.iter().any(|fragment| text.contains(fragment)))
            .map_or(Self::Unclear, |(refusal, _)| *refusal);
        // A refusal by one of several endpoints is a hint on the price, but no proof that the bytes are worthless.
        match (error, said) {
            (RpcError::Unreachable { .. }, Self::Invalid | Self::NonceTooLow) => Self::Unclear,
            (_, said) => said,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(message: &str) -> Refusal {
        Refusal::of(&RpcError::Refused {
            method: "eth_sendRawTransaction",
            code: -32000,
            message: message.into(),
        })
    }

    #[test]
    fn knows_the_wordings_of_the_clients() {
        assert_eq!(refused("already known"), Refusal::AlreadyKnown);
        assert_eq!(refused("transaction already imported"), Refusal::AlreadyKnown);
        assert_eq!(refused("nonce too low: next nonce 7, tx nonce 6"), Refusal::NonceTooLow);
        assert_eq!(refused("replacement transaction underpriced"), Refusal::Underpriced);
        assert_eq!(refused("transaction underpriced: tip needed 1, tip permitted 0"), Refusal::Underpriced);
        assert_eq!(refused("max fee per gas less than block base fee"), Refusal::Underpriced);
        assert_eq!(refused("Insufficient funds for gas * price + value"), Refusal::InsufficientFunds);
        assert_eq!(refused("intrinsic gas too low"), Refusal::Invalid);
        assert_eq!(refused("out of cheese"), Refusal::Unclear);
    }

    #[test]
    fn silence_proves_nothing_but_may_hint_at_the_price() {
        let silent = |reason: &str| {
            Refusal::of(&RpcError::Unreachable { method: "eth_sendRawTransaction", reason: reason.into() })
        };
        assert_eq!(silent("connection reset"), Refusal::Unclear);
        assert_eq!(silent("a: connection reset; b: nonce too low"), Refusal::Unclear);
        assert_eq!(silent("a: timed out; b: replacement transaction underpriced"), Refusal::Underpriced);
    }
}
