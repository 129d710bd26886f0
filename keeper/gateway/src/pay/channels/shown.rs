//! Whether what is shown is a voucher for this node. Everything is checked against what this node derives itself.

use alloy::primitives::{Address, B256, Bytes};
use opg_chain::{
    bindings::ChannelConfig,
    channels::{MAX_WITHDRAW_DELAY, channel_id, voucher_digest},
};
use opg_receipts::recover_signer;
use opg_store::channels::Terms;

use super::{
    super::verify::refuse,
    Channels, code,
    payload::{Config, Voucher},
};
use crate::{ApiError, config::Payments, context::Context};

/// A voucher that is good as far as can be told without the channel's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) channel: B256,
    pub(crate) terms: Terms,
    /// What may be claimed in all.
    pub(crate) maximum: u128,
    pub(crate) signature: Bytes,
    /// What was signed. No other voucher has it, on any chain: it numbers the payment.
    pub(crate) digest: B256,
    /// Whether the payer's account judges signatures, which it may do differently tomorrow.
    pub(crate) by_account: bool,
}

impl Shown {
    /// Compares a voucher's channel with what this node asks of channels that pay `receiver`.
    pub(crate) fn read(
        context: &Context,
        channels: &Channels,
        receiver: Address,
        config: Config,
        voucher: Voucher,
    ) -> Result<Self, ApiError> {
        let Payments::X402 { asset, .. } = context.config.payments else {
            return Err(refuse(code::PAYLOAD, "nobody pays here"));
        };
        let terms = Terms::from(config);
        let authorizer = context.signer.address();
        for (code, what, found, expected) in [
            (code::OTHER_RECEIVER, "receiver", terms.receiver, receiver),
            (code::OTHER_AUTHORIZER, "receiverAuthorizer", terms.receiver_authorizer, authorizer),
            (code::OTHER_TOKEN, "token", terms.token, asset),
        ] {
            if found != expected {
                return Err(refuse(code, format!("its channel's {what} is {found}, not {expected}")));
            }
        }
        let delays = channels.policy.withdraw_delay..=MAX_WITHDRAW_DELAY;
        if !delays.contains(&terms.withdraw_delay) {
            let reason = format!(
                "its channel delays withdrawals by {} s, but it has to be between {} and {MAX_WITHDRAW_DELAY}",
                terms.withdraw_delay, channels.policy.withdraw_delay
            );
            return Err(refuse(code::DELAY, reason));
        }
        if terms.payer.is_zero() {
            return Err(refuse("invalid_payer", "the zero address cannot pay"));
        }
        let channel = channel_id(&channels.domain, &ChannelConfig::from(&terms));
        if channel != voucher.channel_id {
            let reason = format!("its configuration makes channel {channel}, not {}", voucher.channel_id);
            return Err(refuse(code::OTHER_ID, reason));
        }
        let maximum = voucher.max_claimable_amount.parse().map_err(|_| {
            refuse(code::PAYLOAD, format!("{:?} is not an amount in wei", voucher.max_claimable_amount))
        })?;
        Ok(Self {
            digest: voucher_digest(&channels.domain, channel, maximum),
            by_account: terms.payer_authorizer.is_zero(),
            channel,
            terms,
            maximum,
            signature: voucher.signature,
        })
    }

    /// Whose signature it is: of the key that the channel names for vouchers, in the one form that the contract takes. A
    /// channel without such a key leaves the judgement to the payer's account, whose code the chain is asked about.
    pub(crate) async fn check_signature(
        &self,
        context: &Context,
        channels: &Channels,
    ) -> Result<(), ApiError> {
        let signer = recover_signer(self.digest, &self.signature);
        if !self.by_account {
            return match signer {
                Ok(signer) if signer == self.terms.payer_authorizer => Ok(()),
                Ok(signer) => Err(refuse(
                    code::SIGNATURE,
                    format!("{signer} signed it, but {} signs for its channel", self.terms.payer_authorizer),
                )),
                Err(error) => Err(refuse(code::SIGNATURE, error)),
            };
        }
        if channels.policy.wallet_limit == 0 {
            let reason = "its channel names no key for vouchers, and this node does not rely on a wallet's code; open a \
                          channel whose payerAuthorizer is a key";
            return Err(refuse("unsupported_signature", reason));
        }
        let payer = self.terms.payer;
        let good = if context.ledger.has_code(payer).await? {
            context.ledger.accepts(payer, self.digest, self.signature.clone()).await?
        } else {
            signer.is_ok_and(|signer| signer == payer)
        };
        if good { Ok(()) } else { Err(refuse(code::SIGNATURE, format!("it is not one of {payer}'s"))) }
    }
}
