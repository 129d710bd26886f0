//! A server that answers as its role says, over TCP, so that it can break off anywhere.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use opg_engine::{
    ChatInput, Completion, Engine as _, EngineError, Input, Limits, ModelManifest, Task, digest,
};
use opg_upstream::{ApiKey, Forwarded, ForwardingEngine, Patience, Upstream};
use tempfile::NamedTempFile;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub(crate) const KEY: &str = "sk-hunter2";
/// What is registered in place of weights.
const NAMED: &[u8] = b"The weights of Big, revision 7";

/// What the server does with a request. Everything but the first is a fault or an attack.
#[derive(Debug, Clone)]
pub(crate) enum Role {
    Honest,
    /// Answers with this status the first times.
    FailsFor(usize, u16),
    /// Says what it was asked with, and refuses.
    Refuses(u16),
    /// Leads to another address.
    Redirects(String),
    /// Takes the request and says nothing.
    Silent,
    /// Begins to answer and says nothing more.
    Stalls,
    /// Ends in the middle.
    Cut,
    /// Sends these events and no others.
    Says(Vec<String>),
    /// Repeats these bytes without end behind the headers.
    Endless(Vec<u8>),
}

#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) state: Arc<State>,
}

#[derive(Debug)]
pub(crate) struct State {
    role: Role,
    pub(crate) asked: AtomicUsize,
    /// Connections whose client went away before the end.
    pub(crate) left: AtomicUsize,
    /// Head and body of the last request.
    pub(crate) last: Mutex<(String, String)>,
}

impl Server {
    pub(crate) async fn start(role: Role) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let state = Arc::new(State {
            role,
            asked: AtomicUsize::new(0),
            left: AtomicUsize::new(0),
            last: Mutex::default(),
        });
        let serving = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&serving);
                tokio::spawn(async move { state.serve(stream).await });
            }
        });
        Server { url, state }
    }

    pub(crate) fn asked(&self) -> usize {
        self.state.asked.load(SeqCst)
    }

    pub(crate) fn last(&self) -> (String, serde_json::Value) {
        let (head, body) = self.state.last.lock().unwrap().clone();
        (head, serde_json::from_str(&body).unwrap())
    }
}

impl State {
    async fn serve(&self, mut stream: TcpStream) -> Option<()> {
        let (head, body) = read(&mut stream).await?;
        let before = self.asked.fetch_add(1, SeqCst);
        let is = |part: &str| head.lines().next().is_some_and(|line| line.contains(part));
        let whole = if is("/v1/models") {
            Some(r#"{"object":"list","data":[{"id":"big"},{"id":"small"}]}"#)
        } else if is("/v1/embeddings") {
            Some(r#"{"data":[{"index":0,"embedding":[3,4]}],"usage":{"prompt_tokens":3}}"#)
        } else {
            None
        };
        *self.last.lock().unwrap() = (head.clone(), body);
        match &self.role {
            Role::FailsFor(times, status) if before < *times => {
                respond(&mut stream, *status, "", "try later").await
            }
            Role::Refuses(status) => {
                respond(&mut stream, *status, "", &format!("I do not like\r\n{head}")).await
            }
            Role::Redirects(to) => respond(&mut stream, 307, &format!("location: {to}\r\n"), "").await,
            Role::Silent => self.wait_for_the_end(&mut stream).await,
            Role::Honest | Role::FailsFor(..) if whole.is_some() => {
                respond(&mut stream, 200, "", whole.unwrap()).await
            }
            Role::Honest | Role::FailsFor(..) => {
                begin(&mut stream).await?;
                say(&mut stream, &answer()).await
            }
            Role::Stalls => {
                begin(&mut stream).await?;
                say(&mut stream, &answer()[..2]).await?;
                self.wait_for_the_end(&mut stream).await
            }
            Role::Cut => {
                begin(&mut stream).await?;
                say(&mut stream, &answer()[..2]).await
            }
            Role::Says(events) => {
                begin(&mut stream).await?;
                say(&mut stream, events).await
            }
            Role::Endless(bytes) => {
                begin(&mut stream).await?;
                loop {
                    stream.write_all(bytes).await.ok()?;
                }
            }
        }
    }

    async fn wait_for_the_end(&self, stream: &mut TcpStream) -> Option<()> {
        while stream.read(&mut [0; 64]).await.ok()? > 0 {}
        self.left.fetch_add(1, SeqCst);
        None
    }
}

/// The events of a proper answer: "Hello world", 7 tokens read, 2 written.
pub(crate) fn answer() -> Vec<String> {
    [
        r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":"Hello"},"finish_reason":null}]}"#,
        r#"{"choices":[{"index":0,"delta":{"content":" world"},"finish_reason":null}],"usage":null}"#,
        r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
        r#"{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9}}"#,
        "[DONE]",
    ]
    .map(str::to_owned)
    .to_vec()
}

async fn read(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        stream.read_buf(&mut bytes).await.ok().filter(|read| *read > 0)?;
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
    let length: usize = length.parse().unwrap();
    while bytes.len() < end + length {
        stream.read_buf(&mut bytes).await.ok().filter(|read| *read > 0)?;
    }
    Some((head, String::from_utf8(bytes[end..].to_vec()).unwrap()))
}

async fn respond(stream: &mut TcpStream, status: u16, headers: &str, body: &str) -> Option<()> {
    let length = body.len();
    let text = format!(
        "HTTP/1.1 {status} X\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(text.as_bytes()).await.ok()
}

async fn begin(stream: &mut TcpStream) -> Option<()> {
    let head = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/event-stream\r\n\r\n";
    stream.write_all(head).await.ok()
}

async fn say(stream: &mut TcpStream, events: &[String]) -> Option<()> {
    for event in events {
        stream.write_all(format!("data: {event}\n\n").as_bytes()).await.ok()?;
    }
    Some(())
}

pub(crate) const PATIENCE: Patience = Patience {
    connect: Duration::from_secs(5),
    silence: Duration::from_secs(20),
    attempts: 3,
    pause: Duration::from_millis(1),
};

/// The file that stands for a forwarded model's weights.
pub(crate) fn weights() -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(NAMED).unwrap();
    file
}

pub(crate) fn manifest(name: &str, task: Task, weights: PathBuf) -> ModelManifest {
    ModelManifest {
        name: name.to_owned(),
        task,
        weights_digest: digest::sha256(&mut &*NAMED).unwrap(),
        weights,
        tokenizer: None,
        config: None,
        tokenizer_digest: None,
        config_digest: None,
        limits: Limits { max_output_tokens: 20, default_output_tokens: 10, ..Limits::default() },
    }
}

pub(crate) fn upstream(url: &str) -> Upstream {
    Upstream::new(url, "big", Some(ApiKey::new(KEY).unwrap()), 2).unwrap()
}

/// An engine whose chat model "chat" and encoder "embed" are at `server`.
pub(crate) fn engine(server: &Server, patience: Patience) -> ForwardingEngine {
    let of = |name, task| Forwarded {
        manifest: manifest(name, task, PathBuf::from("weights")),
        upstream: upstream(&server.url),
    };
    ForwardingEngine::new(vec![of("chat", Task::Chat), of("embed", Task::Embedding)], patience).unwrap()
}

pub(crate) fn question() -> Input {
    Input::Chat(ChatInput::ask("Hello?"))
}

/// Asks "chat"; the answer and what was shown of it on the way.
pub(crate) async fn ask(engine: &ForwardingEngine) -> (Result<Completion, EngineError>, String) {
    let (sender, mut pieces) = mpsc::channel::<String>(4);
    let reading = async {
        let mut shown = String::new();
        while let Some(piece) = pieces.recv().await {
            shown.push_str(&piece);
        }
        shown
    };
    let answering = engine.run("chat", question(), Some(sender), CancellationToken::new());
    let (answered, shown) = tokio::join!(answering, reading);
    (answered, shown)
}

/// Asks a server of that role, which has to fail; the error, what was shown before, and how often the server was asked.
pub(crate) async fn failure(role: Role, patience: Patience) -> (EngineError, String, usize) {
    let server = Server::start(role).await;
    let (answered, shown) = ask(&engine(&server, patience)).await;
    let error = answered.expect_err("this is no answer");
    assert!(
        !format!("{error} {error:?}").contains("127.0.0.1"),
        "the address is the operator's own: {error}"
    );
    (error, shown, server.asked())
}

pub(crate) async fn until(what: &str, condition: impl Fn() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap_or_else(|_| panic!("never: {what}"));
}
