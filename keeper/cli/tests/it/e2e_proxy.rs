//! A node whose answers to sends get lost.

use std::{
    io::{BufReader, Write as _},
    net::{TcpListener, TcpStream},
};

/// Forwards JSON-RPC over HTTP, and breaks the connection off instead of answering `eth_sendRawTransaction`.
pub(crate) struct Proxy(String);

impl Proxy {
    /// In front of `target`; `delivers` says whether sends reach it.
    pub(crate) fn start(target: &str, delivers: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let target = target.trim_start_matches("http://").to_owned();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let target = target.clone();
                // A client that breaks off is not the proxy's concern.
                std::thread::spawn(move || drop(serve(client, &target, delivers)));
            }
        });
        Self(url)
    }

    pub(crate) fn url(&self) -> &str {
        &self.0
    }
}

fn serve(mut client: TcpStream, target: &str, delivers: bool) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    loop {
        let Some(body) = read_body(&mut reader)? else { return Ok(()) };
        let is_send = String::from_utf8_lossy(&body).contains("eth_sendRawTransaction");
        if is_send && !delivers {
            return Ok(());
        }
        let mut node = TcpStream::connect(target)?;
        write!(
            node,
            "POST / HTTP/1.1\r\nhost: {target}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        )?;
        node.write_all(&body)?;
        let Some(answer) = read_body(&mut BufReader::new(node))? else { return Ok(()) };
        if is_send {
            return Ok(());
        }
        write!(
            client,
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            answer.len()
        )?;
        client.write_all(&answer)?;
    }
}

/// The body of an HTTP message with a content length; `None` at the end of the stream.
fn read_body(reader: &mut impl std::io::BufRead) -> std::io::Result<Option<Vec<u8>>> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let line = line.trim().to_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some(body))
}
