//! Settings of the RPC layer.

use std::{fmt, str::FromStr, time::Duration};

use reqwest::Url;
use serde::Deserialize;

use super::RpcError;

/// Address of an endpoint. Providers put their keys into it, so it shows scheme and host only.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct EndpointUrl(Url);

impl EndpointUrl {
    /// The whole address, secrets included.
    pub(crate) fn expose(&self) -> &Url {
        &self.0
    }

    /// Whether the endpoint is on this machine, so that a proxy must not stand between.
    pub(crate) fn is_loopback(&self) -> bool {
        match self.0.host_str() {
            Some("localhost" | "[::1]") => true,
            Some(host) => host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback()),
            None => false,
        }
    }
}

impl fmt::Display for EndpointUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}://{}", self.0.scheme(), self.0.host_str().unwrap_or("?"))?;
        if let Some(port) = self.0.port() {
            write!(formatter, ":{port}")?;
        }
        let plain = self.0.path() == "/"
            && self.0.query().is_none()
            && self.0.username().is_empty()
            && self.0.password().is_none();
        formatter.write_str(if plain { "" } else { "/…" })
    }
}

impl fmt::Debug for EndpointUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl FromStr for EndpointUrl {
    type Err = RpcError;

    fn from_str(text: &str) -> Result<Self, RpcError> {
        // The text itself stays out of the error: it may hold a key.
        let fail = |reason: &str| RpcError::Config {
            field: "urls",
            reason: format!("{reason}; give an address such as http://127.0.0.1:8545"),
        };
        let url = Url::parse(text).map_err(|error| fail(&format!("not a URL ({error})")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(fail(&format!("scheme `{}` is neither http nor https", url.scheme())));
        }
        if url.host_str().is_none() {
            return Err(fail("no host in the URL"));
        }
        Ok(Self(url))
    }
}

impl TryFrom<String> for EndpointUrl {
    type Error = RpcError;

    fn try_from(text: String) -> Result<Self, RpcError> {
        text.parse()
    }
}

/// Settings of the RPC layer.
#[derive(Debug, Clone)]
pub struct RpcConfig {
    /// Endpoints, the preferred one first. Sends go to them in this order.
    pub urls: Vec<EndpointUrl>,
    /// Chain that every endpoint must serve.
    pub chain_id: u64,
    /// Limit of one call to one endpoint, connection and transfer included.
    pub timeout: Duration,
    /// Largest response that is read.
    pub max_response_bytes: usize,
    /// Blocks that an endpoint may be behind the best known head before it is passed over.
    pub max_lag: u64,
    /// How often a read goes through all endpoints before it fails.
    pub rounds: u32,
    /// First pause of an endpoint that failed; doubles with each further failure up to `max_backoff`.
    pub base_backoff: Duration,
    /// Longest pause.
    pub max_backoff: Duration,
    /// How often the endpoints are compared with each other.
    pub probe_interval: Duration,
}

impl RpcConfig {
    /// Sensible settings for a chain with blocks of two seconds.
    #[must_use]
    pub fn new(urls: Vec<EndpointUrl>, chain_id: u64) -> Self {
        Self {
            urls,
            chain_id,
            timeout: Duration::from_secs(5),
            max_response_bytes: 32 << 20,
            max_lag: 5,
            rounds: 2,
            base_backoff: Duration::from_millis(200),
            max_backoff: Duration::from_secs(30),
            probe_interval: Duration::from_secs(10),
        }
    }

    pub(crate) fn validate(&self) -> Result<(), RpcError> {
        let fail = |field, reason: &str| Err(RpcError::Config { field, reason: reason.to_owned() });
        if self.urls.is_empty() {
            return fail("urls", "no endpoint is given; name at least one");
        }
        if self.timeout.is_zero() {
            return fail("timeout", "must be longer than zero");
        }
        if self.max_response_bytes < 64 << 10 {
            return fail("max_response_bytes", "must be at least 65536: a block header needs that much");
        }
        if self.rounds == 0 {
            return fail("rounds", "must be at least 1");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_neither_key_nor_password() {
        for text in ["https://user:hunter2@rpc.example/v2/SECRET", "https://rpc.example:8443/?key=SECRET"] {
            let url: EndpointUrl = text.parse().unwrap();
            let shown = format!("{url} {url:?} {:?}", RpcConfig::new(vec![url.clone()], 1));
            assert!(
                !shown.contains("SECRET") && !shown.contains("hunter2") && !shown.contains("user"),
                "{shown}"
            );
            assert!(shown.contains("https://rpc.example"), "{shown}");
        }
    }

    #[test]
    fn a_bad_address_is_refused_without_repeating_it() {
        for text in ["rpc.example/SECRET", "ftp://rpc.example/SECRET", "SECRET"] {
            let error = text.parse::<EndpointUrl>().unwrap_err().to_string();
            assert!(error.contains("http://127.0.0.1:8545") && !error.contains("SECRET"), "{error}");
        }
    }

    #[test]
    fn knows_addresses_of_this_machine() {
        for (text, local) in [
            ("http://127.0.0.1:1", true),
            ("http://localhost", true),
            ("http://[::1]:1", true),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(text.parse::<EndpointUrl>().unwrap().is_loopback(), local, "{text}");
        }
    }
}
