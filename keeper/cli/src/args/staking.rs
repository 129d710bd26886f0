//! Of the commands that move stake.

use std::path::PathBuf;

use alloy::primitives::Address;
use clap::Args;

use super::parse::address;
use crate::amounts::{Amount, Part, Percent};

/// Who acts.
#[derive(Clone, Debug, Args)]
pub(crate) struct ActorArgs {
    /// Keystore of the account that acts; the keeper's own key where absent.
    #[arg(long, value_name = "FILE")]
    pub(crate) keystore: Option<PathBuf>,
    /// File with the password of that keystore; else OPG_KEYSTORE_PASSWORD, else asked for.
    #[arg(long, value_name = "FILE", requires = "keystore")]
    pub(crate) password_file: Option<PathBuf>,
    /// Show what this account would have to send, for instance a multisig. Needs no key.
    #[arg(long, value_name = "ADDRESS", value_parser = address, requires = "dry_run", conflicts_with = "keystore")]
    pub(crate) from: Option<Address>,
    /// Simulate, show the calls, and send nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Bounds on what may change between the command and its transaction.
#[derive(Clone, Debug, Args)]
pub(crate) struct SlippageArgs {
    /// Most that the price may move against you before the transaction is mined.
    #[arg(long, value_name = "PERCENT", default_value = "0.5%")]
    pub(crate) max_slippage: Percent,
}

/// Protects from doing a thing twice.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct RepeatArgs {
    /// Do it once more although the same was done within the last ten minutes.
    #[arg(long)]
    pub(crate) again: bool,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct StakeArgs {
    /// OPG to add to your own stake as an operator.
    pub(crate) amount: Amount,
    #[command(flatten)]
    pub(crate) slippage: SlippageArgs,
    #[command(flatten)]
    pub(crate) repeat: RepeatArgs,
    #[command(flatten)]
    pub(crate) actor: ActorArgs,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct DelegateArgs {
    /// OPG to stake.
    pub(crate) amount: Amount,
    /// Operator to back.
    #[arg(long, value_parser = address)]
    pub(crate) operator: Address,
    /// Whose stake it becomes, with its votes; your own where absent.
    #[arg(long = "for", value_name = "ADDRESS", value_parser = address)]
    pub(crate) owner: Option<Address>,
    #[command(flatten)]
    pub(crate) slippage: SlippageArgs,
    #[command(flatten)]
    pub(crate) repeat: RepeatArgs,
    #[command(flatten)]
    pub(crate) actor: ActorArgs,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct UnbondArgs {
    /// OPG to unbond, or `all`.
    pub(crate) amount: Part,
    /// Operator at which it is staked; your own stake where absent.
    #[arg(long, value_parser = address)]
    pub(crate) operator: Option<Address>,
    #[command(flatten)]
    pub(crate) slippage: SlippageArgs,
    #[command(flatten)]
    pub(crate) repeat: RepeatArgs,
    #[command(flatten)]
    pub(crate) actor: ActorArgs,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct CancelUnbondArgs {
    /// Number of the unbond, as `opg position` shows it.
    pub(crate) id: u64,
    /// Operator at which it is; your own stake where absent.
    #[arg(long, value_parser = address)]
    pub(crate) operator: Option<Address>,
    #[command(flatten)]
    pub(crate) actor: ActorArgs,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct WithdrawArgs {
    /// Number of the unbond; every matured one where absent.
    pub(crate) id: Option<u64>,
    /// Operator at which it is; your own stake where absent.
    #[arg(long, value_parser = address)]
    pub(crate) operator: Option<Address>,
    /// Who gets the OPG; you where absent.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub(crate) to: Option<Address>,
    #[command(flatten)]
    pub(crate) slippage: SlippageArgs,
    #[command(flatten)]
    pub(crate) actor: ActorArgs,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct RedelegateArgs {
    /// Number of the matured unbond.
    pub(crate) id: u64,
    /// Operator to back from now on.
    #[arg(long, value_parser = address)]
    pub(crate) to: Address,
    /// Operator at which the unbond is; your own stake where absent.
    #[arg(long, value_parser = address)]
    pub(crate) operator: Option<Address>,
    #[command(flatten)]
    pub(crate) slippage: SlippageArgs,
    #[command(flatten)]
    pub(crate) actor: ActorArgs,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ClaimArgs {
    /// Operator at which it was earned; your own stake where absent.
    #[arg(long, value_parser = address)]
    pub(crate) operator: Option<Address>,
    /// Who gets the OPG; you where absent.
    #[arg(long, value_name = "ADDRESS", value_parser = address, conflicts_with = "compound")]
    pub(crate) to: Option<Address>,
    /// Stake it there instead of paying it out.
    #[arg(long)]
    pub(crate) compound: bool,
    #[command(flatten)]
    pub(crate) slippage: SlippageArgs,
    #[command(flatten)]
    pub(crate) actor: ActorArgs,
}

/// Who may decide about rewards.
#[derive(Clone, Debug, Args)]
pub(crate) struct ClaimerArgs {
    /// The account; that of the keeper's key where absent, so that its crank can compound.
    #[arg(value_parser = address)]
    pub(crate) claimer: Option<Address>,
    /// Nobody but the account itself.
    #[arg(long, conflicts_with = "claimer")]
    pub(crate) nobody: bool,
    #[command(flatten)]
    pub(crate) actor: ActorArgs,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct PositionArgs {
    /// Whose stake; the keeper's operator where absent.
    #[arg(value_parser = address)]
    pub(crate) account: Option<Address>,
    /// Operator at which it is; the account's own stake where absent.
    #[arg(long, value_parser = address)]
    pub(crate) operator: Option<Address>,
}
