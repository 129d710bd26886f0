//! Server-sent events as servers write them: lines of data, and lines that do not matter.

/// No line is longer.
const MAX_LINE: usize = 1 << 20;

/// What came of a stream and has not ended.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    rest: Vec<u8>,
    /// So much of it holds no end, so that a line that comes byte by byte costs no more than its length.
    searched: usize,
}

impl Lines {
    /// Adds what came; the data of the lines that it ends. Comments and other fields are passed over.
    pub(crate) fn push(&mut self, chunk: &[u8]) -> Result<Vec<String>, String> {
        self.rest.extend_from_slice(chunk);
        let (mut data, mut begin) = (Vec::new(), 0);
        while let Some(at) = self.rest[self.searched..].iter().position(|byte| *byte == b'\n') {
            let end = self.searched + at;
            data.extend(data_of(&self.rest[begin..end])?);
            begin = end + 1;
            self.searched = begin;
        }
        self.rest.drain(..begin);
        if self.rest.len() > MAX_LINE {
            return Err(format!("a line of its stream is longer than {MAX_LINE} bytes"));
        }
        self.searched = self.rest.len();
        Ok(data)
    }
}

fn data_of(line: &[u8]) -> Result<Option<String>, String> {
    let text = std::str::from_utf8(line).map_err(|_| "a line of its stream is not text")?;
    let text = text.strip_suffix('\r').unwrap_or(text);
    let data = text.strip_prefix("data:").map(|data| data.strip_prefix(' ').unwrap_or(data));
    Ok(data.map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_wherever_the_pieces_do() {
        let text = b": hello\ndata: {\"a\":1}\n\nevent: x\r\ndata:\xc3\xa4\r\n\r\ndata: [DONE]\n\n";
        for size in 1..=text.len() {
            let mut lines = Lines::default();
            let found: Vec<_> = text.chunks(size).flat_map(|chunk| lines.push(chunk).unwrap()).collect();
            assert_eq!(found, ["{\"a\":1}", "ä", "[DONE]"], "in pieces of {size}");
        }
    }

    #[test]
    fn what_is_no_text_or_never_ends_is_refused() {
        assert!(Lines::default().push(b"data: \xff\n").is_err());
        assert!(Lines::default().push(&vec![b'x'; MAX_LINE + 1]).is_err());
        let mut lines = Lines::default();
        let endless = (0..=MAX_LINE / 4096).map(|_| lines.push(&[b'x'; 4096])).find(Result::is_err);
        assert!(endless.is_some());
    }
}
