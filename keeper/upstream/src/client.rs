//! HTTP to the server: repeats before the first byte of an answer, limits on bytes and time, and what a refusal means.

use std::error::Error as _;
use std::time::Duration;

use opg_engine::EngineError;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use tokio::time::{sleep, timeout};

use crate::upstream::Upstream;

/// Most bytes of an answer that is not streamed.
const MAX_BODY: usize = 4 << 20;
/// Most bytes of a streamed answer: the text, in pieces that each have some hundred bytes around them.
const MAX_STREAM: usize = 32 << 20;
/// So much of a refusal is logged.
const MAX_REFUSAL: usize = 2 << 10;

/// How long a server is waited for, and how often it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// How long a connection may take.
    pub connect: Duration,
    /// How long the server may say nothing, before its answer and in it.
    pub silence: Duration,
    /// How often a request is sent at most, as long as no byte of an answer has come.
    pub attempts: u32,
    /// Wait before the second attempt; doubled for each further one.
    pub pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience {
            connect: Duration::from_secs(5),
            silence: Duration::from_secs(120),
            attempts: 3,
            pause: Duration::from_millis(250),
        }
    }
}

/// Asks servers.
#[derive(Debug, Clone)]
pub(crate) struct Asker {
    client: Client,
    patience: Patience,
}

impl Asker {
    pub(crate) fn new(patience: Patience) -> Result<Self, EngineError> {
        // Fails if a provider is installed already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // A redirect could carry the key anywhere.
        let client = Client::builder()
            .redirect(Policy::none())
            .connect_timeout(patience.connect)
            .tcp_nodelay(true)
            .build()
            .map_err(|error| fault(describe(error), false))?;
        Ok(Asker { client, patience })
    }

    /// What is at `part` of the API, whole.
    pub(crate) async fn get(&self, upstream: &Upstream, part: &str) -> Result<Vec<u8>, EngineError> {
        let request = || self.client.get(upstream.address(part));
        Incoming::new(self.send(upstream, request).await?, self.patience, MAX_BODY).whole().await
    }

    /// The answer to `body`, whole.
    pub(crate) async fn post(
        &self,
        upstream: &Upstream,
        part: &str,
        body: &Value,
    ) -> Result<Vec<u8>, EngineError> {
        let request = || self.posting(upstream, part, body);
        Incoming::new(self.send(upstream, request).await?, self.patience, MAX_BODY).whole().await
    }

    /// The answer to `body`, as it comes.
    pub(crate) async fn stream(
        &self,
        upstream: &Upstream,
        part: &str,
        body: &Value,
    ) -> Result<Incoming, EngineError> {
        let request = || self.posting(upstream, part, body);
        Ok(Incoming::new(self.send(upstream, request).await?, self.patience, MAX_STREAM))
    }

    fn posting(&self, upstream: &Upstream, part: &str, body: &Value) -> RequestBuilder {
        let request = self.client.post(upstream.address(part)).header(CONTENT_TYPE, "application/json");
        request.body(body.to_string())
    }

    /// Sends a request until it is answered with success, or the attempts are used up.
    async fn send(
        &self,
        upstream: &Upstream,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<Response, EngineError> {
        let mut attempt = 1;
        loop {
            let mut request = request();
            if let Some(key) = upstream.key() {
                request = request.header(AUTHORIZATION, key.header());
            }
            let failed = match self.once(upstream, request).await {
                Ok(response) => return Ok(response),
                Err(error) => error,
            };
            if attempt >= self.patience.attempts || !failed.is_retryable() {
                return Err(failed);
            }
            tracing::debug!(%failed, attempt, "the server is asked again");
            sleep(self.patience.pause.saturating_mul(1 << (attempt - 1).min(16))).await;
            attempt += 1;
        }
    }

    async fn once(&self, upstream: &Upstream, request: RequestBuilder) -> Result<Response, EngineError> {
        let sent = timeout(self.patience.silence, request.send()).await;
        let response = match sent {
            Ok(sent) => sent.map_err(|error| fault(describe(error), true))?,
            Err(_) => return Err(self.silent()),
        };
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let said = Incoming::new(response, self.patience, MAX_REFUSAL).beginning().await;
        let said = upstream.key().map_or_else(|| said.clone(), |key| key.strike_out(&said));
        tracing::warn!(%status, said, "the server of a forwarded model refused a request");
        // What it said is the operator's to read: it may speak of the operator's own network.
        let again = status.is_server_error()
            || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT);
        Err(fault(format!("it answers with {status}"), again))
    }

    fn silent(&self) -> EngineError {
        silent(self.patience)
    }
}

/// An answer that is coming in.
#[derive(Debug)]
pub(crate) struct Incoming {
    response: Response,
    patience: Patience,
    left: usize,
}

impl Incoming {
    fn new(response: Response, patience: Patience, limit: usize) -> Self {
        Incoming { response, patience, left: limit }
    }

    /// The next bytes; none at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<u8>>, EngineError> {
        let read = timeout(self.patience.silence, self.response.chunk()).await;
        let read = read.map_err(|_| silent(self.patience))?;
        let Some(chunk) = read.map_err(|error| fault(describe(error), true))? else { return Ok(None) };
        self.left = self
            .left
            .checked_sub(chunk.len())
            .ok_or_else(|| fault("its answer is longer than any that is taken".to_owned(), false))?;
        Ok(Some(chunk.into()))
    }

    async fn whole(mut self) -> Result<Vec<u8>, EngineError> {
        let mut body = Vec::new();
        while let Some(chunk) = self.next().await? {
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// What comes before the limit or the first fault, as one line.
    async fn beginning(mut self) -> String {
        let mut body = Vec::new();
        while let Ok(Some(chunk)) = self.next().await {
            body.extend_from_slice(&chunk);
        }
        String::from_utf8_lossy(&body).chars().filter(|symbol| !symbol.is_control()).collect()
    }
}

/// A fault of the server or on the way to it; `again` says whether the same request may succeed later.
pub(crate) fn fault(reason: String, again: bool) -> EngineError {
    EngineError::Upstream { reason, again }
}

fn silent(patience: Patience) -> EngineError {
    fault(format!("it says nothing for {:?}", patience.silence), true)
}

/// What went wrong on the way, without the address, which is the operator's own.
fn describe(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
