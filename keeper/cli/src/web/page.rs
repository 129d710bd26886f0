//! What the page offers besides the chain: wallets on other devices, Safes, statements of delegates, gateways.

use std::{fs, path::Path};

use serde_json::{Value, json};

use super::{HTTP, origin};
use crate::error::{CliError, CliResult, Code};

/// The relay that the page uses where none is named; app/scripts/policy.mjs has the same.
const RELAY: &str = "wss://relay.walletconnect.org";
const WEBSOCKET: [&str; 2] = ["wss://", "ws://"];

/// Checked settings of the page.
#[derive(Clone, Debug, Default)]
pub(crate) struct Page {
    /// Project id and relay.
    wallet_connect: Option<(String, String)>,
    /// Origins of the pages around this one.
    pub(super) safe: Vec<String>,
    /// Content of the file.
    pub(super) statements: Option<Vec<u8>>,
    gateways: Vec<String>,
}

impl Page {
    /// Checks what was named on the command line; everything here can end up in the page's policy.
    pub(crate) fn new(
        project: Option<&str>,
        relay: Option<&str>,
        safe: &[String],
        statements: Option<&Path>,
        gateways: &[String],
    ) -> CliResult<Self> {
        let relay = relay.unwrap_or(RELAY).trim_end_matches('/');
        if origin(relay, &WEBSOCKET) != Some(relay) {
            return Err(refused("--wallet-connect-relay", relay, "name a wss address without a path"));
        }
        for place in safe {
            if origin(place, &HTTP) != Some(place.as_str()) {
                let remedy = "name scheme and host alone, such as https://app.safe.global";
                return Err(refused("--safe", place, remedy));
            }
        }
        for gateway in gateways {
            if origin(gateway, &HTTP).is_none() {
                return Err(refused("--gateway", gateway, "name an address such as https://node.example"));
            }
        }
        Ok(Self {
            wallet_connect: project.map(|project| (project.to_owned(), relay.to_owned())),
            safe: safe.to_vec(),
            statements: statements.map(read_list).transpose()?,
            gateways: gateways.to_vec(),
        })
    }

    /// Adds these settings to the `config.json` of the page.
    pub(super) fn extend(&self, config: &mut Value) {
        if let Some((project, relay)) = &self.wallet_connect {
            config["walletConnect"] = json!({ "projectId": project, "relay": relay });
        }
        if !self.safe.is_empty() {
            config["safe"] = json!(self.safe);
        }
        if self.statements.is_some() {
            config["statements"] = json!("statements.json");
        }
        if !self.gateways.is_empty() {
            config["gateways"] = json!(self.gateways);
        }
    }

    /// Origins that the page may connect to for them.
    pub(super) fn origins(&self) -> Vec<&str> {
        let relay = self.wallet_connect.iter().map(|(_, relay)| relay.as_str());
        relay.chain(self.gateways.iter().filter_map(|url| origin(url, &HTTP))).collect()
    }
}

/// Statements are a list; the page checks each of them.
fn read_list(file: &Path) -> CliResult<Vec<u8>> {
    let bytes = fs::read(file).map_err(|error| CliError::file(file, &error))?;
    match serde_json::from_slice(&bytes) {
        Ok(Value::Array(_)) => Ok(bytes),
        _ => Err(refused(
            "--statements",
            &file.display().to_string(),
            "name a file with a JSON list, as docs/app.md has it",
        )),
    }
}

fn refused(argument: &str, value: &str, remedy: &'static str) -> CliError {
    CliError::new(Code::Argument, argument, format!("\"{value}\" cannot be used"), remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_told_what_was_named_and_connects_to_no_more() -> CliResult {
        let gateways = ["https://node.example/path".to_owned()];
        let page = Page::new(Some("abc"), None, &["https://app.safe.global".to_owned()], None, &gateways)?;
        let mut config = json!({ "chainId": 1 });
        page.extend(&mut config);
        assert_eq!(
            config,
            json!({
                "chainId": 1,
                "walletConnect": { "projectId": "abc", "relay": RELAY },
                "safe": ["https://app.safe.global"],
                "gateways": ["https://node.example/path"],
            })
        );
        assert_eq!(page.origins(), [RELAY, "https://node.example"]);
        let mut bare = json!({});
        Page::new(None, None, &[], None, &[])?.extend(&mut bare);
        assert_eq!((bare, Page::default().origins().len()), (json!({}), 0));
        Ok(())
    }

    #[test]
    fn nothing_that_could_end_the_policy_is_taken() {
        let none: [String; 0] = [];
        for bad in ["https://x; script-src *", "https://x/path", "app.safe.global", "*", "https://a b"] {
            assert!(Page::new(None, None, &[bad.to_owned()], None, &none).is_err(), "--safe {bad}");
        }
        for bad in ["https://x; script-src *", "wss://x", "node.example"] {
            assert!(Page::new(None, None, &none, None, &[bad.to_owned()]).is_err(), "--gateway {bad}");
        }
        for bad in ["https://relay.example", "wss://x; script-src *", "wss://x/path"] {
            assert!(
                Page::new(Some("abc"), Some(bad), &none, None, &none).is_err(),
                "--wallet-connect-relay {bad}"
            );
        }
    }
}
