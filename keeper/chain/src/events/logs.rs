//! Checks logs before anything is made of them.

use std::collections::HashMap;

use alloy::{
    primitives::{Address, B256},
    rpc::types::Log,
};

use super::{LoggedEvent, decode::decode};
use crate::address_book::AddressBook;

/// Turns the logs of blocks `from` to `to` into events, in order.
///
/// `known` are hashes of blocks that the logs must agree with.
///
/// # Errors
/// If a log lies outside the range, belongs to another chain of blocks, was removed, comes twice, comes from an address
/// that was not asked for, or does not decode.
pub(super) fn events(
    logs: Vec<Log>,
    (from, to): (u64, u64),
    known: &[(u64, B256)],
    addresses: &[Address],
    contracts: &AddressBook,
) -> Result<Vec<LoggedEvent>, String> {
    let mut hashes: HashMap<u64, B256> = known.iter().copied().collect();
    let mut placed =
        logs.into_iter().map(|log| Ok((place(&log)?, log))).collect::<Result<Vec<_>, String>>()?;
    placed.sort_by_key(|(place, _)| (place.block, place.log_index));
    let mut events = Vec::with_capacity(placed.len());
    let mut previous = None;
    for (place, log) in placed {
        if !(from..=to).contains(&place.block) {
            return Err(format!("a log of block {} among those of {from} to {to}", place.block));
        }
        if *hashes.entry(place.block).or_insert(place.block_hash) != place.block_hash {
            return Err(format!("logs of two different blocks {}", place.block));
        }
        if !addresses.contains(&log.inner.address) {
            return Err(format!("a log of {}, which was not asked for", log.inner.address));
        }
        if previous.replace((place.block, place.log_index)) == Some((place.block, place.log_index)) {
            return Err(format!("log {} of block {} twice", place.log_index, place.block));
        }
        if let Some(event) = decode(&log.inner, contracts)? {
            let Place { block, block_hash, transaction, log_index } = place;
            events.push(LoggedEvent { event, block, block_hash, transaction, log_index });
        }
    }
    Ok(events)
}

struct Place {
    block: u64,
    block_hash: B256,
    transaction: B256,
    log_index: u64,
}

fn place(log: &Log) -> Result<Place, String> {
    match (log.removed, log.block_number, log.block_hash, log.transaction_hash, log.log_index) {
        (false, Some(block), Some(block_hash), Some(transaction), Some(log_index)) => {
            Ok(Place { block, block_hash, transaction, log_index })
        }
        (true, ..) => Err("a log that was removed by a reorganisation".to_owned()),
        _ => Err("a log without its place on the chain".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use alloy::primitives::{LogData, address};

    use super::*;

    const HUB: Address = address!("0x00000000000000000000000000000000000000aa");

    fn book() -> AddressBook {
        AddressBook {
            chain_id: 1,
            deployment_block: 0,
            access_manager: HUB,
            opg: HUB,
            custody_vault: HUB,
            vesting_vault: HUB,
            airdrop: HUB,
            rewards: HUB,
            model_registry: Address::repeat_byte(1),
            staking: Address::repeat_byte(2),
            proof_registry: HUB,
            inference_hub: HUB,
            timelock: None,
            governor: None,
            sentinel: None,
            fee_market: None,
            fee_router: None,
            groth16_verifier: None,
            verifying_keys: None,
            receipt_batches: None,
            ask_model: None,
        }
    }

    fn log(block: u64, index: u64) -> Log {
        Log {
            inner: alloy::primitives::Log {
                address: HUB,
                data: LogData::new_unchecked(vec![B256::ZERO], Default::default()),
            },
            block_hash: Some(B256::with_last_byte(block as u8)),
            block_number: Some(block),
            block_timestamp: None,
            transaction_hash: Some(B256::ZERO),
            transaction_index: Some(0),
            log_index: Some(index),
            removed: false,
        }
    }

    fn check(logs: Vec<Log>) -> Result<Vec<LoggedEvent>, String> {
        events(logs, (5, 6), &[(6, B256::with_last_byte(6))], &[HUB], &book())
    }

    #[test]
    fn foreign_events_are_passed_over() {
        assert_eq!(check(vec![log(6, 1), log(5, 0)]), Ok(vec![]));
    }

    #[test]
    fn refuses_logs_that_do_not_fit() {
        let mut other_block = log(6, 0);
        other_block.block_hash = Some(B256::ZERO);
        let mut two_blocks = log(5, 1);
        two_blocks.block_hash = Some(B256::ZERO);
        let mut removed = log(5, 0);
        removed.removed = true;
        let mut stranger = log(5, 0);
        stranger.inner.address = Address::ZERO;
        let mut pending = log(5, 0);
        pending.block_number = None;
        for (logs, reason) in [
            (vec![log(7, 0)], "block 7 among"),
            (vec![other_block], "two different blocks 6"),
            (vec![log(5, 0), two_blocks], "two different blocks 5"),
            (vec![removed], "removed"),
            (vec![stranger], "not asked for"),
            (vec![pending], "without its place"),
            (vec![log(5, 0), log(5, 0)], "twice"),
        ] {
            let error = check(logs).unwrap_err();
            assert!(error.contains(reason), "{error} should say {reason}");
        }
    }
}
