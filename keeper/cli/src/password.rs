//! Where the password of a keystore comes from: a file, the environment, or the terminal.

use std::{
    io::{BufRead as _, IsTerminal as _, Write as _},
    path::Path,
};

use opg_chain::signer::Password;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use crate::{
    context,
    error::{CliError, CliResult, Code},
};

const VARIABLE: &str = "OPG_KEYSTORE_PASSWORD";
const REMEDY: &str = "set OPG_KEYSTORE_PASSWORD, name a file in keys.password_file (--password-file for `opg init`), \
                      or run this in a terminal to be asked";

/// The password of an existing keystore.
pub(crate) fn existing(file: Option<&Path>) -> CliResult<Password> {
    match stored(file)? {
        Some(password) => Ok(password),
        None => ask("Password of the keystore: ").and_then(accept),
    }
}

/// Whether a password is at hand without asking.
pub(crate) fn is_stored(file: Option<&Path>) -> bool {
    file.is_some() || std::env::var_os(VARIABLE).is_some()
}

/// The password for a new keystore; asked for twice where it is typed.
pub(crate) fn new(file: Option<&Path>) -> CliResult<Password> {
    if let Some(password) = stored(file)? {
        return Ok(password);
    }
    let password = ask("Password for the new keystore: ")?;
    if password != ask("The same again: ")? {
        return Err(CliError::new(Code::Password, "password", "the two entries differ", "start again"));
    }
    accept(password)
}

fn stored(file: Option<&Path>) -> CliResult<Option<Password>> {
    match (file, std::env::var(VARIABLE)) {
        (Some(path), _) => Password::from_file(path)
            .map(Some)
            .map_err(|error| CliError::new(Code::Password, path.display(), error, REMEDY)),
        (None, Ok(text)) => Password::new(text)
            .map(Some)
            .map_err(|error| CliError::new(Code::Password, VARIABLE, error, REMEDY)),
        (None, Err(_)) => Ok(None),
    }
}

fn accept(text: String) -> CliResult<Password> {
    Password::new(text).map_err(context::signer)
}

fn ask(prompt: &str) -> CliResult<String> {
    let stdin = std::io::stdin();
    let fail = |reason: &dyn std::fmt::Display| CliError::new(Code::Password, "password", reason, REMEDY);
    if !stdin.is_terminal() {
        return Err(fail(&"none is set and standard input is not a terminal"));
    }
    let before = tcgetattr(&stdin).map_err(|error| fail(&error))?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    let _ = write!(std::io::stderr(), "{prompt}");
    tcsetattr(&stdin, OptionalActions::Now, &silent).map_err(|error| fail(&error))?;
    let mut line = String::new();
    let read = stdin.lock().read_line(&mut line);
    tcsetattr(&stdin, OptionalActions::Now, &before).map_err(|error| fail(&error))?;
    let _ = writeln!(std::io::stderr());
    read.map_err(|error| fail(&error))?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
