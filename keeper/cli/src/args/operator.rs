//! Of `opg operator`.

use alloy::primitives::Address;
use clap::{Args, Subcommand};

use super::{ActorArgs, parse::address};
use crate::amounts::{Amount, Percent};

#[derive(Debug, Subcommand)]
pub(crate) enum OperatorCommand {
    /// Become an operator with own stake.
    Register(RegisterArgs),
    /// Replace the key that signs receipts.
    SetSigner {
        /// Address of the new key; that of the keeper where absent.
        #[arg(value_parser = address)]
        signer: Option<Address>,
        #[command(flatten)]
        actor: ActorArgs,
    },
    /// Announce where clients reach you.
    SetEndpoint {
        /// URL, or an empty text.
        endpoint: String,
        #[command(flatten)]
        actor: ActorArgs,
    },
    /// Announce where a description of you can be fetched.
    SetMetadata {
        /// URI, or an empty text.
        uri: String,
        #[command(flatten)]
        actor: ActorArgs,
    },
    /// Change what you keep of your delegators' rewards: less at once, more after the notice.
    Commission {
        /// The new commission.
        commission: Percent,
        #[command(flatten)]
        actor: ActorArgs,
    },
    /// Declare what you can serve, which the price of a compute unit follows.
    Capacity {
        /// Compute units per second; 0: nothing.
        units: u64,
        #[command(flatten)]
        actor: ActorArgs,
    },
    /// Stop serving and unbond all of your own stake.
    Retire {
        #[command(flatten)]
        actor: ActorArgs,
    },
    /// Return after a jail.
    Unjail {
        #[command(flatten)]
        actor: ActorArgs,
    },
    /// Show an operator: status, stake, pool, commission, slashes.
    Show {
        /// The operator; the keeper's own where absent.
        #[arg(value_parser = address)]
        operator: Option<Address>,
    },
    /// List the active operators with their stake.
    List {
        /// Registrations to look at.
        #[arg(long, default_value_t = 200)]
        limit: u64,
        /// First registration to look at, counted from 0.
        #[arg(long, default_value_t = 0)]
        from: u64,
    },
}

#[derive(Clone, Debug, Args)]
pub(crate) struct RegisterArgs {
    /// OPG of own stake.
    pub(crate) amount: Amount,
    /// Key that signs receipts; that of the keeper where absent.
    #[arg(long, value_parser = address)]
    pub(crate) signer: Option<Address>,
    /// What you keep of your delegators' rewards.
    #[arg(long, value_name = "PERCENT")]
    pub(crate) commission: Percent,
    /// Where clients reach you.
    #[arg(long, value_name = "URL", default_value = "")]
    pub(crate) endpoint: String,
    /// Where a description of you can be fetched.
    #[arg(long, value_name = "URI", default_value = "")]
    pub(crate) metadata: String,
    #[command(flatten)]
    pub(crate) actor: ActorArgs,
}
