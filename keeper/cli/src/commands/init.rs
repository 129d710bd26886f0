//! `opg init`

use std::path::Path;

use opg_chain::signer;
use serde_json::json;

use crate::{
    args::InitArgs,
    config::template::{Values, render},
    context,
    error::{CliError, CliResult, Code},
    files,
    output::{Output, fields},
    password,
};

/// Writes a configuration, and a keystore unless one is named.
pub(super) fn init(args: &InitArgs, output: Output) -> CliResult {
    let config = args.dir.join("opg.toml");
    let new_keystore = args.dir.join("keystore.json");
    refuse_existing(&config)?;
    if args.keystore.is_none() {
        refuse_existing(&new_keystore)?;
    }
    // Relative to the configuration in the file, to the working directory in messages.
    let (written, keystore, address) = match &args.keystore {
        Some(path) => {
            let path = std::path::absolute(path).map_err(|error| CliError::file(path, &error))?;
            let address = signer::address_of(&path).map_err(context::signer)?;
            (path.display().to_string(), path, address)
        }
        None => {
            let password = password::new(args.password_file.as_deref())?;
            files::create_folder(&args.dir)?;
            let key = signer::create_keystore(&new_keystore, &password).map_err(context::signer)?;
            ("keystore.json".to_owned(), new_keystore, Some(key.address()))
        }
    };
    files::create_folder(&args.dir)?;
    let text = render(&Values {
        rpc: args.rpc.clone(),
        chain_id: args.chain_id,
        keystore: written,
        operator: args.operator.map(|operator| operator.to_string()),
    });
    files::write_new(&config, text.as_bytes())?;

    let value =
        json!({ "config": config, "keystore": keystore, "signer": address, "operator": args.operator });
    output.result(&value, || {
        let signer = address.map_or_else(|| "in the keystore".to_owned(), |address| address.to_string());
        let rows = [
            ("configuration", config.display().to_string()),
            ("keystore", keystore.display().to_string()),
            ("signer", signer),
        ];
        let next =
            format!("Next: send the signer a little ETH, then `opg --config {} doctor`.", config.display());
        format!("Written:\n{}\n{next}", fields(&rows))
    });
    Ok(())
}

fn refuse_existing(path: &Path) -> CliResult {
    if path.symlink_metadata().is_err() {
        return Ok(());
    }
    Err(CliError::new(
        Code::Exists,
        path.display(),
        "exists and is never overwritten",
        "choose another folder with --dir, or move the file away",
    ))
}
