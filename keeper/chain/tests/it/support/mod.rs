//! What several tests need: a misbehaving RPC server, a chain to serve, a real anvil with the contracts.

pub(crate) mod anvil;
pub(crate) mod chain;
pub(crate) mod devnet;
pub(crate) mod server;

use alloy::primitives::Address;
use opg_chain::address_book::AddressBook;

/// A seed for a random test, from `OPG_TEST_SEED` or the clock, printed so that a failure can be repeated.
pub(crate) fn seed() -> u64 {
    let from_environment = std::env::var("OPG_TEST_SEED").ok().and_then(|text| text.parse().ok());
    let seed = from_environment.unwrap_or_else(|| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        now.as_nanos() as u64
    });
    println!("OPG_TEST_SEED={seed}");
    seed
}

/// Addresses that are all different and belong to no contract.
pub(crate) fn book(chain_id: u64) -> AddressBook {
    AddressBook {
        chain_id,
        deployment_block: 1,
        access_manager: Address::repeat_byte(1),
        opg: Address::repeat_byte(2),
        custody_vault: Address::repeat_byte(3),
        vesting_vault: Address::repeat_byte(8),
        airdrop: Address::repeat_byte(9),
        rewards: Address::repeat_byte(10),
        model_registry: Address::repeat_byte(4),
        staking: Address::repeat_byte(5),
        proof_registry: Address::repeat_byte(6),
        inference_hub: Address::repeat_byte(7),
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
