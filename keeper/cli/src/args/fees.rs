//! Of `opg fees`.

use alloy::primitives::Address;
use clap::{Args, Subcommand};

use super::{ActorArgs, parse::address};

#[derive(Debug, Subcommand)]
pub(crate) enum FeesCommand {
    /// Show what each model version earned and where that is.
    Show,
    /// Have everything divided that waits at the hub and in vaults, however little. Anybody may.
    Sweep {
        /// Whose fees; the keeper's operator where absent.
        #[arg(long, value_parser = address)]
        operator: Option<Address>,
        #[command(flatten)]
        actor: ActorArgs,
    },
    /// Have an account paid what was divided. Anybody may; elsewhere than to the account only its own key.
    Collect(CollectArgs),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct CollectArgs {
    /// Whose fees; the keeper's operator where absent.
    #[arg(long, value_parser = address)]
    pub(crate) operator: Option<Address>,
    /// Who gets the OPG; the account itself where absent.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub(crate) to: Option<Address>,
    #[command(flatten)]
    pub(crate) actor: ActorArgs,
}
