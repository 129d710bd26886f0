//! Server-sent events as they come in pieces. Only what cannot be read in two ways is taken: one line of data, or a comment.

/// No event is longer.
const MAX_EVENT: usize = 1 << 20;

/// What a stream said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// One line of data.
    Data(String),
    /// The node is still at work.
    Comment,
}

/// What came of a stream and has not ended.
#[derive(Debug, Default)]
pub(crate) struct Events {
    rest: Vec<u8>,
    /// So much of it holds no end, so that an event that comes byte by byte costs no more than its length.
    searched: usize,
}

impl Events {
    /// Adds what came; the events that it ends.
    pub(crate) fn push(&mut self, chunk: &[u8]) -> Result<Vec<Event>, String> {
        self.rest.extend_from_slice(chunk);
        let (mut events, mut begin) = (Vec::new(), 0);
        while let Some(at) = self.rest[self.searched..].windows(2).position(|pair| pair == b"\n\n") {
            let end = self.searched + at;
            events.push(event(&self.rest[begin..end])?);
            begin = end + 2;
            self.searched = begin;
        }
        self.rest.drain(..begin);
        if self.rest.len() > MAX_EVENT {
            return Err(format!("an event of the stream is longer than {MAX_EVENT} bytes"));
        }
        self.searched = self.rest.len().saturating_sub(1);
        Ok(events)
    }
}

fn event(bytes: &[u8]) -> Result<Event, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "an event of the stream is not text")?;
    let is_line = !text.contains(['\n', '\r']);
    match text.strip_prefix("data: ") {
        Some(data) if is_line => Ok(Event::Data(data.to_owned())),
        None if is_line && text.starts_with(':') => Ok(Event::Comment),
        _ => Err("an event of the stream is not one line of data".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_end_wherever_the_pieces_do() {
        let text = b"data: {\"a\":1}\n\n: still at work\n\ndata: \xc3\xa4\n\ndata: [DONE]\n\n";
        let data = |text: &str| Event::Data(text.to_owned());
        let all = [data("{\"a\":1}"), Event::Comment, data("ä"), data("[DONE]")];
        for size in 1..=text.len() {
            let mut events = Events::default();
            let found: Vec<Event> = text.chunks(size).flat_map(|chunk| events.push(chunk).unwrap()).collect();
            assert_eq!(found, all, "in pieces of {size}");
        }
    }

    #[test]
    fn what_a_client_might_read_otherwise_is_refused() {
        for bad in [
            "event: x\n\n",
            "data: a\ndata: b\n\n",
            "data: a\r\n\n",
            "data:a\n\n",
            "\n\n",
            ": a\n:b\n\n",
            "id: 1\ndata: a\n\n",
        ] {
            assert!(Events::default().push(bad.as_bytes()).is_err(), "{bad:?}");
        }
        assert!(Events::default().push(b"data: \xff\n\n").is_err());
        assert!(Events::default().push(&vec![b'x'; MAX_EVENT + 1]).is_err());
    }
}
