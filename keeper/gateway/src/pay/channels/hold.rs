//! A voucher is bound to a request before anything is done for it, and let go if that comes to nothing.

use std::time::Duration;

use alloy::primitives::B256;
use opg_store::channels::{self, Held, NewVoucher};

use super::{super::verify::refuse, Channels, code, shown::Shown, state};
use crate::{ApiError, context::Context};

/// When a client should try again whose channel is in use.
const SOON: Duration = Duration::from_secs(1);
/// The same where a claim has to be made first.
const LATER: Duration = Duration::from_secs(30);

/// Binds `shown` to the request, which may cost `cap`. Whoever gets it back must charge or release it.
pub(crate) async fn hold(
    context: &Context,
    channels: &Channels,
    shown: &Shown,
    (request_id, cap): (B256, u128),
) -> Result<NewVoucher, ApiError> {
    let new = NewVoucher {
        channel: shown.channel,
        maximum: shown.maximum,
        request_id,
        cap,
        credit: channels.policy.credit,
        limit: shown.by_account.then_some(channels.policy.wallet_limit),
    };
    let mut held = attempt(context, &new).await?;
    if matches!(held, Held::Uncovered | Held::Unknown) {
        // The payer may have put in more meanwhile.
        state::refresh(context, shown.channel, &shown.terms).await?;
        held = attempt(context, &new).await?;
    }
    judge(held, new)
}

async fn attempt(context: &Context, new: &NewVoucher) -> Result<Held, ApiError> {
    let (new, now) = (new.clone(), context.now());
    Ok(context.writer.write(move |tx| channels::hold(tx, &new, now)).await?)
}

fn judge(held: Held, new: NewVoucher) -> Result<NewVoucher, ApiError> {
    Err(match held {
        // One that is held for this very request is left from a task that is gone: two at once are kept apart before.
        Held::New | Held::Again(_) => return Ok(new),
        Held::OfAnother => refuse(
            "payment_already_used",
            "this voucher was used for another request; ask for the price again and sign a new one",
        ),
        Held::Short => refuse(
            code::MISMATCH,
            format!(
                "a voucher over {} wei in all does not allow {} more than what was charged so far",
                new.maximum, new.cap
            ),
        ),
        Held::Uncovered => refuse(
            code::UNCOVERED,
            "what lies in the channel, less what is being withdrawn, does not cover the request; deposit more",
        ),
        Held::Unknown => refuse(code::NO_CHANNEL, "nothing was deposited into its channel; deposit first"),
        Held::Busy => ApiError::too_many(
            "channel_busy",
            "other requests that this channel pays are being answered, and this voucher does not cover both; wait for \
             them, or open another channel",
            SOON,
        ),
        Held::Limit => ApiError::too_many(
            "channel_limit",
            "what was charged to this channel and is not claimed reaches this node's limit for channels without a key; \
             wait for the claim",
            LATER,
        ),
        Held::Refunding => {
            ApiError::too_many("channel_busy", "what is left of this channel is being given back", SOON)
        }
    })
}

/// Lets a voucher go that was held for a request which came to nothing.
pub(crate) async fn release(context: &Context, held: &NewVoucher) {
    let gone = held.clone();
    if let Err(error) = context.writer.write(move |tx| channels::release(tx, &gone)).await {
        // The next start releases it.
        tracing::warn!(%error, channel = %held.channel, "a voucher stays held");
    }
}
