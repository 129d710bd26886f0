//! Whether a configuration can replace the one that runs. Everything that could fail later is tried now, so that a
//! reload happens completely or not at all.

use opg_node::Ledger;

use super::{Keeper, crank, registered, settings};
use crate::{
    config::Config,
    error::{CliError, CliResult, Code},
};

/// Reads the file anew and checks it against the running keeper.
pub(super) async fn accept(running: &Config, keeper: &Keeper, ledger: &dyn Ledger) -> CliResult<Config> {
    let new = Config::load(&running.path)?;
    let fixed = [
        (
            "chain",
            format!("{:?} {:?} {:?}", running.chain, running.rpc, running.address_book),
            format!("{:?} {:?} {:?}", new.chain, new.rpc, new.address_book),
        ),
        (
            "keys",
            format!("{:?} {:?}", running.keystore, running.operator),
            format!("{:?} {:?}", new.keystore, new.operator),
        ),
        ("storage", format!("{:?}", running.database), format!("{:?}", new.database)),
    ];
    for (section, before, after) in fixed {
        if before != after {
            return Err(CliError::new(
                Code::ConfigValue,
                format!("[{section}] in {}", new.path.display()),
                "cannot change while the keeper runs",
                "undo the change, or restart the keeper",
            ));
        }
    }
    if new.inference.enabled || new.gateway.enabled {
        let models = registered::read_all(&new, ledger).await?;
        for model in &models {
            model.verify().await?;
        }
        registered::for_engines(models)?;
    }
    if new.inference.enabled {
        settings::check_proving(&new, ledger).await?;
    }
    crank::check(&new, &keeper.rpc, &keeper.book, Some(&keeper.store)).await?;
    Ok(new)
}
