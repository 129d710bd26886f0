//! Vouchers: on what terms they are taken, and the service that claims with them.

use std::sync::Arc;

use opg_gateway::ChannelPolicy;
use opg_node::{
    SystemClock,
    channels::{ChainChannels, ChannelsConfig, ChannelsParts, ChannelsRole},
};
use opg_store::channels;

use super::{Keeper, roles::Work};
use crate::{
    config::{Config, channels::ChannelsSection, gateway::PaymentMode},
    context,
    error::CliResult,
};

/// On what terms vouchers are taken, where they are.
pub(super) fn policy(config: &Config) -> Option<ChannelPolicy> {
    let section = &config.channels;
    (section.enabled && config.gateway.payments == PaymentMode::X402).then_some(ChannelPolicy {
        credit: section.credit.0,
        wallet_limit: section.wallet_limit.0,
        min_deposit: section.min_deposit.0,
        withdraw_delay: section.withdraw_delay.0.as_secs(),
    })
}

/// The service that claims. It also runs where vouchers are not taken any more, as long as something is left of them.
pub(super) fn open(keeper: &Keeper, config: &Config, work: &Work) -> CliResult<Option<ChannelsRole>> {
    if policy(config).is_none() && !keeper.store.read(channels::known).map_err(context::state)? {
        return Ok(None);
    }
    let signer = keeper.signer.address();
    let parts = ChannelsParts {
        store: keeper.store.clone(),
        ledger: Arc::new(ChainChannels::new((*keeper.rpc).clone(), signer)),
        clock: Arc::new(SystemClock),
        journal: Some(work.journal.waker()),
    };
    let ChannelsSection { claim_amount, claim_age, min_claim, wallet_limit, poll_interval, .. } =
        config.channels;
    let settings = ChannelsConfig {
        claim_amount: claim_amount.0,
        claim_age: claim_age.0.as_secs(),
        min_claim: min_claim.0,
        wallet_limit: wallet_limit.0,
        poll_interval: poll_interval.0,
        ..ChannelsConfig::new(signer)
    };
    Ok(Some(ChannelsRole::new(settings, parts)))
}
