//! An HTTP server that answers JSON-RPC as a test tells it to, well or badly.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use opg_chain::rpc::{EndpointUrl, RpcConfig};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// How a call is answered.
pub(crate) enum Reply {
    /// With this result.
    Result(Value),
    /// With this error.
    Error { code: i64, message: String, data: Value },
    /// With this HTTP status and body.
    Status(u16, String),
    /// With a good result under another identifier.
    WrongId(Value),
    /// With a body that is announced longer than it is.
    Truncated(String),
    /// With a body of this many bytes.
    Huge(usize),
    /// One byte at a time, slower than anybody waits.
    Drip(String),
    /// Never.
    Hang,
    /// By closing the connection.
    Close,
}

impl Reply {
    pub(crate) fn error(code: i64, message: &str) -> Self {
        Self::Error { code, message: message.to_owned(), data: Value::Null }
    }
}

type Handler = dyn Fn(&str, &Value) -> Reply + Send + Sync;

/// A running server. Stops when dropped.
pub(crate) struct Server {
    pub(crate) url: EndpointUrl,
    calls: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Server {
    /// Serves `handler`, which is given method and parameters. `eth_chainId` is answered with 31337 before it is asked.
    pub(crate) async fn start(handler: impl Fn(&str, &Value) -> Reply + Send + Sync + 'static) -> Self {
        Self::raw(move |method, parameters| match method {
            "eth_chainId" => Reply::Result(json!("0x7a69")),
            _ => handler(method, parameters),
        })
        .await
    }

    /// As `start`, with `eth_chainId` left to `handler` as well.
    pub(crate) async fn raw(handler: impl Fn(&str, &Value) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let calls = Arc::new(AtomicUsize::new(0));
        let (handler, counter): (Arc<Handler>, _) = (Arc::new(handler), calls.clone());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, handler.clone(), counter.clone()));
            }
        });
        Self { url, calls, task }
    }

    /// Calls so far, `eth_chainId` included.
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Settings with short limits for `servers`, in this order.
pub(crate) fn config(servers: &[&Server]) -> RpcConfig {
    let mut config = RpcConfig::new(servers.iter().map(|server| server.url.clone()).collect(), 31337);
    config.timeout = Duration::from_millis(400);
    config.base_backoff = Duration::from_millis(10);
    config.max_response_bytes = 256 << 10;
    config.rounds = 1;
    config
}

async fn serve(mut stream: TcpStream, handler: Arc<Handler>, calls: Arc<AtomicUsize>) {
    let mut buffer = Vec::new();
    while let Some(body) = read_request(&mut stream, &mut buffer).await {
        calls.fetch_add(1, Ordering::SeqCst);
        let call: Value = serde_json::from_slice(&body).unwrap();
        let reply = handler(call["method"].as_str().unwrap(), &call["params"]);
        if !answer(&mut stream, reply, &call["id"]).await {
            return;
        }
    }
}

async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Vec<u8>> {
    loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]).to_lowercase();
            let length: usize =
                head.lines().find_map(|line| line.strip_prefix("content-length:"))?.trim().parse().ok()?;
            if buffer.len() >= end + 4 + length {
                let body = buffer[end + 4..end + 4 + length].to_vec();
                buffer.drain(..end + 4 + length);
                return Some(body);
            }
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
}

/// Whether the connection can be used on.
async fn answer(stream: &mut TcpStream, reply: Reply, id: &Value) -> bool {
    let good =
        |result: Value, id: &Value| json!({ "jsonrpc": "2.0", "id": id, "result": result }).to_string();
    let (status, body) = match reply {
        Reply::Result(result) => (200, good(result, id)),
        Reply::WrongId(result) => (200, good(result, &json!(987_654_321))),
        Reply::Error { code, message, data } => {
            let error = json!({ "code": code, "message": message, "data": data });
            (200, json!({ "jsonrpc": "2.0", "id": id, "error": error }).to_string())
        }
        Reply::Status(status, body) => (status, body),
        Reply::Huge(length) => (200, "9".repeat(length)),
        Reply::Truncated(body) => {
            let head = head(200, body.len() + 100);
            let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
            return false;
        }
        Reply::Drip(body) => {
            let _ = stream.write_all(head(200, body.len()).as_bytes()).await;
            for byte in body.bytes() {
                tokio::time::sleep(Duration::from_millis(100)).await;
                if stream.write_all(&[byte]).await.is_err() {
                    break;
                }
            }
            return false;
        }
        Reply::Hang => {
            tokio::time::sleep(Duration::from_secs(60)).await;
            return false;
        }
        Reply::Close => return false,
    };
    stream.write_all(format!("{}{body}", head(status, body.len())).as_bytes()).await.is_ok()
}

fn head(status: u16, length: usize) -> String {
    format!("HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n")
}
