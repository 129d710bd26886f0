//! Identifiers of channels, and digests.

use alloy::{
    primitives::{B256, U256, aliases::U40, keccak256},
    sol,
    sol_types::{SolValue as _, eip712_domain},
};
use opg_receipts::TypedDomain;
use opg_store::channels::{Seen, Terms};

use super::{ChannelState, SETTLEMENT};
use crate::bindings::ChannelConfig;

sol! {
    #[derive(Debug)]
    struct Voucher {
        bytes32 channelId;
        uint128 maxClaimableAmount;
    }
}

/// The EIP-712 domain of channels on a chain.
#[derive(Debug, Clone)]
pub struct ChannelDomain {
    configs: TypedDomain<ChannelConfig>,
    vouchers: TypedDomain<Voucher>,
}

/// The EIP-712 domain of channels on a chain.
#[must_use]
pub fn domain(chain_id: u64) -> ChannelDomain {
    let domain = eip712_domain! {
        name: "x402 Batch Settlement",
        version: "1",
        chain_id: chain_id,
        verifying_contract: SETTLEMENT,
    };
    ChannelDomain { configs: TypedDomain::new(&domain), vouchers: TypedDomain::new(&domain) }
}

/// The identifier of a channel.
#[must_use]
pub fn channel_id(domain: &ChannelDomain, config: &ChannelConfig) -> B256 {
    domain.configs.digest(config)
}

/// What the payer signs: of this channel, at most so much may be claimed in all.
#[must_use]
pub fn voucher_digest(domain: &ChannelDomain, channel: B256, maximum: u128) -> B256 {
    domain.vouchers.digest(&Voucher { channelId: channel, maxClaimableAmount: maximum })
}

/// The nonce of the ERC-3009 authorization with which a payer deposits: its tokens can go to that channel only.
#[must_use]
pub fn deposit_nonce(channel: B256, salt: U256) -> B256 {
    keccak256((channel, salt).abi_encode())
}

impl From<&Terms> for ChannelConfig {
    fn from(terms: &Terms) -> Self {
        Self {
            payer: terms.payer,
            payerAuthorizer: terms.payer_authorizer,
            receiver: terms.receiver,
            receiverAuthorizer: terms.receiver_authorizer,
            token: terms.token,
            // No channel of a longer delay than 40 bits can say is ever known.
            withdrawDelay: U40::saturating_from(terms.withdraw_delay),
            salt: terms.salt,
        }
    }
}

impl ChannelState {
    /// The same as the store keeps it: seen at the keeper's time `at`, of a channel with this delay of withdrawals.
    #[must_use]
    pub fn seen(&self, withdraw_delay: u64, at: u64) -> Seen {
        let mature = |since: u64| since.saturating_add(withdraw_delay);
        Seen {
            balance: self.balance,
            claimed: self.claimed,
            withdrawal: self.withdrawal.map(|wanted| (wanted.amount, mature(wanted.since))),
            at,
        }
    }
}

#[cfg(test)]
mod tests {
    use alloy::primitives::{Address, b256};

    use super::*;

    fn config() -> ChannelConfig {
        ChannelConfig {
            payer: Address::repeat_byte(1),
            payerAuthorizer: Address::repeat_byte(2),
            receiver: Address::repeat_byte(3),
            receiverAuthorizer: Address::repeat_byte(4),
            token: Address::repeat_byte(5),
            withdrawDelay: U40::from(900),
            salt: B256::repeat_byte(6),
        }
    }

    #[test]
    fn identifiers_and_digests_are_those_of_the_x402_client() {
        // computeChannelId and hashTypedData of @x402/evm and viem.
        let domain = domain(31_337);
        let id = channel_id(&domain, &config());
        assert_eq!(id, b256!("846155c7739506d21d9d413d9e55fa808e52d5d1d226418e42cab89840f246ca"));
        assert_eq!(
            voucher_digest(&domain, id, 1_000),
            b256!("8a3059e8eeb478c560bba6a054f20bf776446f1b57597e2db4c94aa99d7ca3c2")
        );
        assert_eq!(
            deposit_nonce(id, U256::from(7)),
            b256!("373287f3fcde595810fcb77e14be2c575fb502c312d8df68dd36ed74de26853c")
        );
    }

    #[test]
    fn another_chain_or_any_other_term_is_another_channel() {
        let id = channel_id(&domain(31_337), &config());
        assert_ne!(id, channel_id(&domain(8_453), &config()));
        let other = ChannelConfig { salt: B256::ZERO, ..config() };
        assert_ne!(id, channel_id(&domain(31_337), &other));
    }
}
