//! A voucher is bound to a request before anything is done for it.

use std::time::Duration;

use alloy::primitives::B256;
use opg_store::channels::{Hold, NewVoucher, Refusal};

use super::{super::verify::refuse, Channels, code, shown::Shown, state};
use crate::{ApiError, context::Context};

/// When a client should try again whose channel is in use.
const SOON: Duration = Duration::from_secs(1);
/// The same where a claim has to be made first.
const LATER: Duration = Duration::from_secs(30);

/// Binds `shown` to the request, which may cost `cap`, until the result is dropped. `None` if it pays for this very request
/// already.
pub(crate) async fn hold(
    context: &Context,
    channels: &Channels,
    shown: &Shown,
    (request_id, cap): (B256, u128),
) -> Result<Option<Hold>, ApiError> {
    let new = NewVoucher {
        channel: shown.channel,
        maximum: shown.maximum,
        request_id,
        cap,
        credit: channels.policy.credit,
        limit: shown.by_account.then_some(channels.policy.wallet_limit),
        seen_since: state::fresh_since(context, &shown.terms),
    };
    let mut held = channels.holds.hold(&context.store, &new)?;
    if matches!(held, Err(Refusal::Uncovered | Refusal::Unknown | Refusal::Stale)) {
        // The payer may have put in more meanwhile.
        state::refresh(context, shown.channel, &shown.terms).await?;
        held = channels.holds.hold(&context.store, &new)?;
    }
    match held {
        Ok(hold) => Ok(Some(hold)),
        Err(Refusal::Again) => Ok(None),
        Err(refusal) => Err(explain(refusal, &new)),
    }
}

fn explain(refusal: Refusal, new: &NewVoucher) -> ApiError {
    match refusal {
        Refusal::Again => in_progress(),
        Refusal::OfAnother => refuse(
            "payment_already_used",
            "this voucher was used for another request; ask for the price again and sign a new one",
        ),
        Refusal::Short => refuse(
            code::MISMATCH,
            format!(
                "a voucher over {} wei in all does not allow {} more than what was charged so far",
                new.maximum, new.cap
            ),
        ),
        Refusal::Uncovered => refuse(
            code::UNCOVERED,
            "what lies in the channel, less what is being withdrawn, does not cover the request; deposit more",
        ),
        Refusal::Unknown => refuse(code::NO_CHANNEL, "nothing was deposited into its channel; deposit first"),
        Refusal::Busy => ApiError::too_many(
            "channel_busy",
            "other requests that this channel pays are being answered, and this voucher does not cover both; wait for \
             them, or open another channel",
            SOON,
        ),
        Refusal::Limit => ApiError::too_many(
            "channel_limit",
            "what was charged to this channel and is not claimed reaches this node's limit for channels without a key; \
             wait for the claim",
            LATER,
        ),
        Refusal::Stale => {
            ApiError::too_many("channel_busy", "the chain is being asked about this channel", SOON)
        }
        Refusal::Refunding => {
            ApiError::too_many("channel_busy", "what is left of this channel is being given back", SOON)
        }
    }
}

/// The voucher pays for this request, which has no answer yet.
pub(crate) fn in_progress() -> ApiError {
    let message = "this voucher pays for the same request already; repeat it in a moment for the answer";
    ApiError::conflict("request_in_progress", message)
}
