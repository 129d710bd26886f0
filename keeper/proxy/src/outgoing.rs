//! Requests to nodes. Where a node is, is what its operator wrote into the registry: anything.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use opg_chain::x402;
use reqwest::{
    Client, Response, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    header::CONTENT_TYPE,
    redirect::Policy,
};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);

/// Asks nodes.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    client: Client,
    allow_insecure: bool,
}

impl Outgoing {
    pub(crate) fn new(allow_insecure: bool) -> Result<Self, String> {
        // Fails if a provider is installed already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // A redirect could carry question and payment to anybody, or into one's own network.
        let mut builder =
            Client::builder().redirect(Policy::none()).connect_timeout(CONNECT).tcp_nodelay(true);
        if !allow_insecure {
            builder = builder.https_only(true).dns_resolver(Arc::new(PublicOnly));
        }
        let client = builder.build().map_err(describe)?;
        Ok(Self { client, allow_insecure })
    }

    /// The address of a node, without its last slash, if it is one that may be asked.
    pub(crate) fn base(&self, announced: &str) -> Result<String, String> {
        let url = announced.parse::<Url>().map_err(|error| format!("it is not an address: {error}"))?;
        let is_plain = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if !is_plain {
            return Err("it has more than scheme, host and path".to_owned());
        }
        match url.scheme() {
            "https" => {}
            "http" if self.allow_insecure => {}
            "http" => return Err("it is not encrypted: anybody on the way would read along".to_owned()),
            scheme => return Err(format!("{scheme} is not spoken here")),
        }
        let literal = url.host_str().map(|host| host.trim_matches(['[', ']'])).ok_or("it has no host")?;
        if !self.allow_insecure && literal.parse().is_ok_and(|address| !is_public(address)) {
            return Err("it is in a private network".to_owned());
        }
        Ok(url.as_str().trim_end_matches('/').to_owned())
    }

    pub(crate) async fn get(&self, url: &str) -> Result<Response, String> {
        self.client.get(url).send().await.map_err(describe)
    }

    /// Asks for an answer, with a payment or without.
    pub(crate) async fn post(
        &self,
        url: &str,
        body: Bytes,
        payment: Option<&str>,
    ) -> Result<Response, String> {
        let mut request = self.client.post(url).header(CONTENT_TYPE, "application/json").body(body);
        if let Some(payment) = payment {
            request = request.header(x402::PAYMENT, payment);
        }
        request.send().await.map_err(describe)
    }
}

/// Why a body cannot be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unread {
    /// It ended before its end.
    Broken(String),
    /// It is longer than it may be.
    TooLong,
}

/// The whole body of an answer, if it has at most `limit` bytes.
pub(crate) async fn read(mut response: Response, limit: usize) -> Result<Vec<u8>, Unread> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| Unread::Broken(describe(error)))? {
        if body.len() + chunk.len() > limit {
            return Err(Unread::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// What went wrong, without the address, which the caller knows.
pub(crate) fn describe(error: reqwest::Error) -> String {
    let error = error.without_url();
    let cause = std::error::Error::source(&error).map_or_else(String::new, |cause| format!(": {cause}"));
    format!("{error}{cause}")
}

/// Finds addresses on the internet only: an operator must not reach what only this machine can reach.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err(format!("{} is in a private network", name.as_str()).into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match address.to_ipv4() {
            // Mapped and compatible forms reach what the short form reaches.
            Some(short) => is_public_v4(short),
            None => is_public_v6(address),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        // Shared between a provider and its customers; for protocols; for benchmarks.
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (18..20).contains(&b)))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let first = address.segments()[0];
    // What is given out is 2000::/3; within it, 6to4 and Teredo carry addresses of the other family.
    (0x2000..0x4000).contains(&first)
        && first != 0x2002
        && address.segments()[..2] != [0x2001, 0]
        && address.segments()[..2] != [0x2001, 0xdb8]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_cannot_lead_into_ones_own_network() {
        let outgoing = Outgoing::new(false).unwrap();
        for bad in [
            "http://node.example.com",
            "https://127.0.0.1",
            "https://10.1.2.3:8402",
            "https://169.254.169.254/latest",
            "https://[::1]",
            "https://[::ffff:192.168.0.1]",
            "https://[fd00::1]",
            "https://[2002:7f00:1::]",
            "https://2130706433",
            "https://0x7f.1",
            "https://user:pass@node.example.com",
            "https://node.example.com/?to=x",
            "https://node.example.com/#x",
            "file:///etc/passwd",
            "node.example.com",
            "",
        ] {
            assert!(outgoing.base(bad).is_err(), "{bad}");
        }
        for (good, base) in [
            ("https://node.example.com", "https://node.example.com"),
            ("https://node.example.com:8402/opg/", "https://node.example.com:8402/opg"),
            ("https://8.8.8.8", "https://8.8.8.8"),
            ("https://[2606:4700::1111]", "https://[2606:4700::1111]"),
        ] {
            assert_eq!(outgoing.base(good).as_deref(), Ok(base));
        }
        assert!(Outgoing::new(true).unwrap().base("http://127.0.0.1:8402/").is_ok());
    }

    #[tokio::test]
    async fn a_name_that_leads_there_is_not_asked_either() {
        let failed = Outgoing::new(false).unwrap().get("https://localhost:1/").await.unwrap_err();
        assert!(failed.contains("private network") || failed.contains("error sending request"), "{failed}");
        let resolved = PublicOnly.resolve("localhost".parse().unwrap()).await;
        assert!(resolved.is_err_and(|error| error.to_string().contains("private network")));
    }
}
