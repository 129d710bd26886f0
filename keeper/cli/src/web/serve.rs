//! The server: GET and HEAD of known files, nothing else.

use std::{convert::Infallible, net::SocketAddr, path::PathBuf, sync::Arc};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{
        ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue,
        REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
    },
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{net::TcpListener, task::JoinHandle};

use super::{Chain, Files, Page};
use crate::error::{CliError, CliResult, Code};

/// Genesis files below this are of one address each 256; a larger one is not what it should be.
const MOST_BYTES: u64 = 64 << 20;

/// What is served.
#[derive(Debug)]
struct Site {
    files: Files,
    config: Vec<u8>,
    genesis: Option<PathBuf>,
    statements: Option<Vec<u8>>,
    /// Who may show the page within another one.
    frames: (HeaderName, HeaderValue),
}

/// A running server. Ends with the handle.
#[derive(Debug)]
pub(crate) struct Server {
    /// Where the page is.
    pub(crate) url: String,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// Serves `files` for `chain` at `listen`, with what else `page` offers.
    pub(crate) async fn start(
        listen: SocketAddr,
        files: Files,
        chain: &Chain,
        page: &Page,
    ) -> CliResult<Self> {
        let fault = |error: std::io::Error| {
            CliError::new(Code::Argument, listen, error, "name a free address of this machine with --listen")
        };
        let listener = TcpListener::bind(listen).await.map_err(fault)?;
        let address = listener.local_addr().map_err(fault)?;
        let mut config = chain.config();
        page.extend(&mut config);
        let site = Arc::new(Site {
            files: files.allowing(&[chain.origins(), page.origins()].concat()),
            config: config.to_string().into_bytes(),
            genesis: chain.genesis.clone(),
            statements: page.statements.clone(),
            frames: frames(&page.safe),
        });
        let task = tokio::spawn(accept(listener, site));
        Ok(Self { url: format!("http://{address}/"), task })
    }
}

/// The header that lets the pages at `safe` show this one, and nobody else.
fn frames(safe: &[String]) -> (HeaderName, HeaderValue) {
    let policy = HeaderValue::try_from(format!("frame-ancestors {}", safe.join(" ")));
    match policy {
        Ok(policy) if !safe.is_empty() => (CONTENT_SECURITY_POLICY, policy),
        _ => (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    }
}

async fn accept(listener: TcpListener, site: Arc<Site>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors, for instance: some are free again soon.
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            continue;
        };
        let site = Arc::clone(&site);
        tokio::spawn(async move {
            let service = service_fn(|request| answer(Arc::clone(&site), request));
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), service);
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended badly");
            }
        });
    }
}

async fn answer(site: Arc<Site>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (frames, policy) = site.frames.clone();
    let mut response = if request.method() == Method::GET || request.method() == Method::HEAD {
        found(&site, &request).await
    } else {
        let mut response = respond(StatusCode::METHOD_NOT_ALLOWED, "", Vec::new());
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        response
    };
    response.headers_mut().insert(frames, policy);
    Ok(response)
}

async fn found(site: &Site, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let path = request.uri().path().trim_start_matches('/');
    let name = if path.is_empty() { "index.html" } else { path };
    match site.find(name).await {
        Some(body) => respond(StatusCode::OK, name, body),
        None => respond(StatusCode::NOT_FOUND, "", Vec::new()),
    }
}

impl Site {
    async fn find(&self, name: &str) -> Option<Vec<u8>> {
        if name == "config.json" {
            return Some(self.config.clone());
        }
        if name == "statements.json" && self.statements.is_some() {
            return self.statements.clone();
        }
        match (name.strip_prefix("genesis/"), &self.genesis) {
            (Some(below), Some(folder)) if is_plain(below) => read(folder.join(below)).await,
            _ => self.files.get(name).map(<[u8]>::to_vec),
        }
    }
}

/// Whether a path stays below its folder: names of letters, digits, hyphens and inner points.
fn is_plain(path: &str) -> bool {
    path.split('/').all(|part| {
        !part.starts_with('.')
            && !part.is_empty()
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    })
}

async fn read(path: PathBuf) -> Option<Vec<u8>> {
    let meta = tokio::fs::symlink_metadata(&path).await.ok()?;
    if !meta.is_file() || meta.len() > MOST_BYTES {
        return None;
    }
    tokio::fs::read(path).await.ok()
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript",
        Some("css") => "text/css",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}

fn respond(status: StatusCode, name: &str, body: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    // Names of assets contain the digest of their content.
    let cache = if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type(name)));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpStream,
    };

    use super::*;

    async fn get(url: &str, path: &str) -> Result<String, Box<dyn std::error::Error>> {
        let mut stream = TcpStream::connect(url.trim_start_matches("http://").trim_end_matches('/')).await?;
        stream
            .write_all(format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes())
            .await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok(answer)
    }

    #[tokio::test]
    async fn statements_and_safes_are_served_where_they_are_named() -> Result<(), Box<dyn std::error::Error>>
    {
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("index.html"), "connect-src 'self'; base-uri 'none'")?;
        let list = folder.path().join("list.json");
        std::fs::write(&list, r#"[{"text":"mine"}]"#)?;
        let chain = Chain {
            id: 1,
            rpc: vec!["http://rpc.example".into()],
            book: serde_json::json!({}),
            genesis: None,
        };
        let local = SocketAddr::from(([127, 0, 0, 1], 0));
        let safe = ["https://app.safe.global".to_owned()];
        let page = Page::new(Some("abc"), None, &safe, Some(&list), &["https://node.example".to_owned()])?;
        let server = Server::start(local, Files::open(Some(folder.path()))?, &chain, &page).await?;
        let index = get(&server.url, "/").await?;
        assert!(
            index.contains("content-security-policy: frame-ancestors https://app.safe.global\r\n"),
            "{index}"
        );
        assert!(!index.contains("x-frame-options"), "{index}");
        let policy =
            "connect-src 'self' http://rpc.example wss://relay.walletconnect.org https://node.example;";
        assert!(index.contains(policy), "{index}");
        assert!(get(&server.url, "/statements.json").await?.contains("mine"));
        assert!(get(&server.url, "/config.json").await?.contains(r#""projectId":"abc""#));
        let plain = Server::start(local, Files::open(Some(folder.path()))?, &chain, &Page::default()).await?;
        assert!(get(&plain.url, "/").await?.contains("x-frame-options: DENY"));
        assert!(get(&plain.url, "/statements.json").await?.starts_with("HTTP/1.1 404"));
        Ok(())
    }

    #[test]
    fn no_path_leaves_the_genesis() {
        for good in ["manifest.json", "proofs/core-contributors/0a.jsonl"] {
            assert!(is_plain(good), "{good}");
        }
        for bad in ["../x", "proofs/../../x", "", "a//b", "/etc/passwd", "a\\b", ".git", "a/%2e%2e/b", "a\0"]
        {
            assert!(!is_plain(bad), "{bad}");
        }
    }
}
