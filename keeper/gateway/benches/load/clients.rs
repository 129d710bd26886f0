//! Who asks, and how long it waits.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use crate::Outcome;

/// What a load came to.
pub(crate) struct Figures {
    pub(crate) per_second: f64,
    p50: Duration,
    p99: Duration,
    /// Processor time of clients and server together, for each request.
    processor: Duration,
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let millis = |duration: Duration| duration.as_secs_f64() * 1e3;
        let Self { per_second, p50, p99, processor } = self;
        write!(
            f,
            "{per_second:.0} requests/s, p50 {:.1} ms, p99 {:.1} ms, {:.0} us of a core each",
            millis(*p50),
            millis(*p99),
            millis(*processor) * 1e3
        )
    }
}

/// Requests of one connection, in order: whole messages of HTTP.
pub(crate) type Script = Vec<Arc<str>>;

/// The message that asks `body`, with more header lines, each ended by CRLF.
pub(crate) fn message(body: &str, headers: &str) -> Arc<str> {
    let head = "POST /v1/chat/completions HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n";
    format!("{head}{headers}content-length: {}\r\n\r\n{body}", body.len()).into()
}

/// `clients` connections that ask the same `requests` times in all.
pub(crate) fn repeated(body: &str, requests: usize, clients: usize) -> Vec<Script> {
    vec![vec![message(body, ""); requests / clients]; clients]
}

/// Plays each script on a connection of its own, each request after the answer to the one before.
pub(crate) async fn load(address: SocketAddr, scripts: Vec<Script>) -> Outcome<Figures> {
    let (since, used) = (Instant::now(), processor_time()?);
    let mut connections: JoinSet<_> = scripts.into_iter().map(|script| play(address, script)).collect();
    let mut times = Vec::new();
    while let Some(finished) = connections.join_next().await {
        times.extend(finished??);
    }
    let elapsed = since.elapsed();
    let count = u32::try_from(times.len())?.max(1);
    times.sort_unstable();
    let quantile = |share: f64| {
        let last = times.len().saturating_sub(1);
        times.get((last as f64 * share) as usize).copied().unwrap_or_default()
    };
    Ok(Figures {
        per_second: f64::from(count) / elapsed.as_secs_f64(),
        p50: quantile(0.5),
        p99: quantile(0.99),
        processor: (processor_time()? - used) / count,
    })
}

async fn play(address: SocketAddr, script: Script) -> Outcome<Vec<Duration>> {
    let mut stream = connect(address).await?;
    let mut times = Vec::with_capacity(script.len());
    let mut answer = Vec::with_capacity(8_192);
    for request in script {
        let since = Instant::now();
        stream.write_all(request.as_bytes()).await?;
        answer.clear();
        while !is_whole(&answer)? {
            if stream.read_buf(&mut answer).await? == 0 {
                return Err("the server closed a connection".into());
            }
        }
        times.push(since.elapsed());
    }
    Ok(times)
}

async fn connect(address: SocketAddr) -> Outcome<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn is_whole(answer: &[u8]) -> Outcome<bool> {
    let Some(end) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return Ok(false) };
    let head = std::str::from_utf8(&answer[..end])?;
    if !head.starts_with("HTTP/1.1 200") {
        return Err(format!("not an answer: {}", String::from_utf8_lossy(answer)).into());
    }
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned))
        .ok_or("an answer without length")?;
    Ok(answer.len() >= end + 4 + length.trim().parse::<usize>()?)
}

/// Clients that have an answer streamed and read it slowly, one after the other on each connection, until `enough`.
/// Returns how many answers ended, each with its receipt.
pub(crate) async fn stream_slowly(
    address: SocketAddr,
    body: &str,
    clients: usize,
    enough: CancellationToken,
) -> Outcome<usize> {
    let request = message(body, "");
    let mut connections: JoinSet<_> =
        (0..clients).map(|_| read_slowly(address, Arc::clone(&request), enough.clone())).collect();
    let mut whole = 0;
    while let Some(finished) = connections.join_next().await {
        whole += finished??;
    }
    Ok(whole)
}

async fn read_slowly(address: SocketAddr, request: Arc<str>, enough: CancellationToken) -> Outcome<usize> {
    const PAUSE: Duration = Duration::from_millis(100);
    let mut stream = connect(address).await?;
    let mut whole = 0;
    while !enough.is_cancelled() {
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::with_capacity(8_192);
        while !answer.ends_with(b"data: [DONE]\n\n\r\n0\r\n\r\n") {
            let mut piece = [0; 256];
            let read = stream.read(&mut piece).await?;
            if read == 0 {
                return Err(format!("a stream was cut off: {}", String::from_utf8_lossy(&answer)).into());
            }
            answer.extend_from_slice(&piece[..read]);
            tokio::time::sleep(PAUSE).await;
        }
        if !answer.windows(11).any(|bytes| bytes == b"\"signature\"") {
            return Err("a stream ended without its receipt".into());
        }
        whole += 1;
    }
    Ok(whole)
}

/// What this process used of all cores so far: user and system time, in hundredths of a second.
fn processor_time() -> Outcome<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The second field, in parentheses, may contain anything; these are the 14th and 15th.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let mut ticks = 0;
    for field in fields.skip(11).take(2) {
        ticks += field.parse::<u64>()?;
    }
    Ok(Duration::from_millis(ticks * 10))
}

/// Memory of this process that is not on disk, in MiB.
pub(crate) fn memory() -> Outcome<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line =
        status.lines().find_map(|line| line.strip_prefix("RssAnon:")).ok_or("no RssAnon in the status")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? / 1_024)
}
