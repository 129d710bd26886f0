//! The account in whose name stake moves.

use alloy::primitives::Address;
use opg_chain::signer::{self, PrivateKeySigner};

use crate::{
    args::ActorArgs,
    config::Config,
    context,
    error::{CliError, CliResult, Code},
    password,
};

/// An account, with its key where that is needed and at hand.
#[derive(Debug)]
pub(crate) struct Actor {
    pub(crate) account: Address,
    pub(crate) key: Option<PrivateKeySigner>,
    /// Whether this is the keeper's own key, whose transactions a running keeper sends.
    pub(crate) is_keeper: bool,
}

impl Actor {
    /// Finds the account that `args` mean.
    pub(crate) fn find(args: &ActorArgs, config: &Config) -> CliResult<Self> {
        if let Some(account) = args.from {
            return Ok(Self { account, key: None, is_keeper: false });
        }
        if let Some(path) = &args.keystore {
            signer::address_of(path).map_err(context::signer)?;
            let password = password::existing(args.password_file.as_deref())?;
            let key = signer::open_keystore(path, &password).map_err(context::signer)?;
            let is_keeper = context::signer_address(config)? == Some(key.address());
            return Ok(Self { account: key.address(), key: Some(key), is_keeper });
        }
        // To look needs no key, so nobody is asked for a password.
        if args.dry_run && !password::is_stored(config.password_file.as_deref()) {
            let account = context::signer_address(config)?.ok_or_else(|| {
                CliError::new(
                    Code::Password,
                    "keys.keystore",
                    "does not state its address, and no password is at hand",
                    "name the account with --from, or set OPG_KEYSTORE_PASSWORD",
                )
            })?;
            return Ok(Self { account, key: None, is_keeper: true });
        }
        let key = context::open_signer(config)?;
        Ok(Self { account: key.address(), key: Some(key), is_keeper: true })
    }
}
