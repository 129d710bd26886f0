//! The web app, served on this machine: the built page, the configuration that tells it where the chain is, and the genesis
//! files with the proofs that claims need.

mod files;
mod page;
mod serve;

use std::path::PathBuf;

use serde_json::{Value, json};

pub(crate) use self::{files::Files, page::Page, serve::Server};

/// What the page is told about the chain.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    pub(crate) id: u64,
    /// In the order in which the page asks them. They reach the browser: none should hold a secret.
    pub(crate) rpc: Vec<String>,
    /// Content of the address book.
    pub(crate) book: Value,
    /// Folder of the genesis, if this machine has it.
    pub(crate) genesis: Option<PathBuf>,
}

impl Chain {
    /// `config.json` of the page.
    fn config(&self) -> Value {
        let mut config = json!({ "chainId": self.id, "rpc": self.rpc, "contracts": self.book });
        if self.genesis.is_some() {
            config["genesis"] = json!("genesis/");
        }
        config
    }

    /// Origins that the page may connect to, besides its own.
    fn origins(&self) -> Vec<&str> {
        self.rpc.iter().filter_map(|url| origin(url, &HTTP)).collect()
    }
}

const HTTP: [&str; 2] = ["https://", "http://"];

/// Scheme and authority of an address with one of these schemes. None for anything that could not stand in a policy as it is.
fn origin<'a>(url: &'a str, schemes: &[&str]) -> Option<&'a str> {
    let start = schemes.iter().find(|scheme| url.starts_with(**scheme))?.len();
    let end = url[start..].find(['/', '?', '#']).map_or(url.len(), |at| start + at);
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    (end > start && url[start..end].chars().all(plain)).then(|| &url[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_can_end_no_policy() {
        assert_eq!(origin("https://mainnet.example/v2/key?x#y", &HTTP), Some("https://mainnet.example"));
        assert_eq!(origin("http://127.0.0.1:8545", &HTTP), Some("http://127.0.0.1:8545"));
        for url in ["wss://x", "https://", "https://a; script-src *", "https://user@host/", "https://a'b"] {
            assert_eq!(origin(url, &HTTP), None, "{url}");
        }
    }

    #[test]
    fn the_page_learns_of_a_genesis_only_where_there_is_one() {
        let mut chain = Chain { id: 31_337, rpc: vec!["http://a".into()], book: json!({}), genesis: None };
        assert_eq!(chain.config().get("genesis"), None);
        chain.genesis = Some(PathBuf::from("/g"));
        assert_eq!(chain.config()["genesis"], "genesis/");
    }
}
