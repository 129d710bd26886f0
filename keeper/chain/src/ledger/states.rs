//! Enumerations of the contracts.

use serde::Serialize;

use super::LedgerError;

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestStatus {
    /// The hub does not know it.
    Unknown,
    /// It waits for an answer, or to be expired.
    Open,
    /// It was answered and paid.
    Fulfilled,
    /// It was answered and paid, but the callback failed and can be retried.
    CallbackFailed,
    /// It was not answered in time and was refunded.
    Expired,
}

impl TryFrom<u8> for RequestStatus {
    type Error = LedgerError;

    fn try_from(value: u8) -> Result<Self, LedgerError> {
        Ok(match value {
            0 => Self::Unknown,
            1 => Self::Open,
            2 => Self::Fulfilled,
            3 => Self::CallbackFailed,
            4 => Self::Expired,
            _ => return Err(LedgerError::UnknownValue { what: "the status of a request", value }),
        })
    }
}

impl std::fmt::Display for RequestStatus {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Unknown => "unknown",
            Self::Open => "open",
            Self::Fulfilled => "fulfilled",
            Self::CallbackFailed => "fulfilled, callback failed",
            Self::Expired => "expired",
        })
    }
}

/// Why the hub refuses a fulfilment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The request is unknown, already fulfilled or expired.
    NotOpen,
    /// The deadline has passed.
    PastDeadline,
    /// It is not yet the operator's turn.
    NotYourTurn,
    /// `issuedAt` is before the request, in the future or too long ago.
    ReceiptTimeOutOfRange,
    /// The fee is more than the request allows.
    FeeAboveMaximum,
    /// The fee is more than unit price × units.
    FeeAboveUsage,
    /// The output is longer than the hub takes.
    OutputTooLong,
    /// The mode cannot be verified.
    UnsupportedMode,
    /// The operator was not active at `issuedAt`.
    OperatorInactive,
    /// The signature is not by the operator's key.
    WrongSignature,
    /// The proof does not show what the receipt says, for this request and operator.
    WrongProof,
    /// A refusal that this keeper does not know.
    Other(u8),
}

impl Refusal {
    /// Reads the contract's value; `None` says that nothing is refused.
    #[must_use]
    pub fn from_contract(value: u8) -> Option<Self> {
        Some(match value {
            0 => return None,
            1 => Self::NotOpen,
            2 => Self::PastDeadline,
            3 => Self::NotYourTurn,
            4 => Self::ReceiptTimeOutOfRange,
            5 => Self::FeeAboveMaximum,
            6 => Self::FeeAboveUsage,
            7 => Self::OutputTooLong,
            8 => Self::UnsupportedMode,
            9 => Self::OperatorInactive,
            10 => Self::WrongSignature,
            11 => Self::WrongProof,
            other => Self::Other(other),
        })
    }

    /// Whether the same fulfilment may be accepted later.
    #[must_use]
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::NotYourTurn)
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::NotOpen => "the request is not open",
            Self::PastDeadline => "the deadline has passed",
            Self::NotYourTurn => "it is not yet the operator's turn",
            Self::ReceiptTimeOutOfRange => "the receipt's time is out of range",
            Self::FeeAboveMaximum => "the fee is above the request's maximum",
            Self::FeeAboveUsage => "the fee is above unit price × units",
            Self::OutputTooLong => "the output is too long",
            Self::UnsupportedMode => "the verification mode is not supported",
            Self::OperatorInactive => "the operator was not active when the receipt was issued",
            Self::WrongSignature => "the signature is not by the operator's key",
            Self::WrongProof => "the proof does not show what the receipt says",
            Self::Other(value) => return write!(formatter, "refusal {value}, unknown to this keeper"),
        })
    }
}

/// Where an operator stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OperatorStatus {
    /// It never registered.
    None,
    /// It serves.
    Active,
    /// It was slashed or suspended, and has no weight until it is unjailed.
    Jailed,
    /// It left. It may register again.
    Retired,
}

impl TryFrom<u8> for OperatorStatus {
    type Error = LedgerError;

    fn try_from(value: u8) -> Result<Self, LedgerError> {
        Ok(match value {
            0 => Self::None,
            1 => Self::Active,
            2 => Self::Jailed,
            3 => Self::Retired,
            _ => return Err(LedgerError::UnknownValue { what: "the status of an operator", value }),
        })
    }
}

impl std::fmt::Display for OperatorStatus {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::None => "not registered",
            Self::Active => "active",
            Self::Jailed => "jailed",
            Self::Retired => "retired",
        })
    }
}

/// Over how long turns are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TurnParameters {
    /// Seconds over which turns are spread. 0: no turns.
    pub window: u32,
    /// Seconds after the request from which anyone may fulfil.
    pub cap: u32,
}
