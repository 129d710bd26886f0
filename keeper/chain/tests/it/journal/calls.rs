//! Calls the fake chain understands: who asks, and how the call behaves.

use alloy::primitives::{Address, Bytes, U256, address};
use opg_chain::journal::Intent;

/// The contract they go to.
pub(super) const TARGET: Address = address!("0x00000000000000000000000000000000000000c0");

/// Selector of the error that time alone cures.
pub(super) const TOO_EARLY: [u8; 4] = [0x70, 0x0e, 0xa1, 0x11];

/// How a call behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Behaviour {
    /// Succeeds.
    Works,
    /// Succeeds in simulation, reverts on-chain.
    RevertsOnChain,
    /// Reverts always.
    Reverts,
    /// Reverts until a time.
    TooEarly(u64),
    /// Needs more gas than one transaction may use.
    TooBig,
}

/// Calldata: number of the intent, behaviour, its argument.
pub(super) fn encode(number: u64, behaviour: Behaviour) -> Bytes {
    let (tag, argument) = match behaviour {
        Behaviour::Works => (0, 0),
        Behaviour::RevertsOnChain => (1, 0),
        Behaviour::Reverts => (2, 0),
        Behaviour::TooEarly(until) => (3, until),
        Behaviour::TooBig => (4, 0),
    };
    let mut data = number.to_be_bytes().to_vec();
    data.push(tag);
    data.extend(argument.to_be_bytes());
    data.into()
}

/// The reverse; `None` for calldata that is not ours.
pub(super) fn decode(data: &[u8]) -> Option<(u64, Behaviour)> {
    let number = u64::from_be_bytes(data.get(..8)?.try_into().ok()?);
    let argument = u64::from_be_bytes(data.get(9..17)?.try_into().ok()?);
    let behaviour = match data[8] {
        0 => Behaviour::Works,
        1 => Behaviour::RevertsOnChain,
        2 => Behaviour::Reverts,
        3 => Behaviour::TooEarly(argument),
        4 => Behaviour::TooBig,
        _ => return None,
    };
    Some((number, behaviour))
}

/// An intent with that behaviour.
pub(super) fn intent(number: u64, behaviour: Behaviour) -> Intent {
    Intent {
        key: format!("call:{number}"),
        purpose: format!("{behaviour:?}"),
        to: TARGET,
        calldata: encode(number, behaviour),
        value: U256::ZERO,
        deadline: None,
        max_cost: None,
    }
}
