//! Messages on a pipe: four bytes of length, little-endian, then JSON of that length.

use std::io::{Error, ErrorKind, Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncReadExt};

/// Longest message: an input at its limit with every byte escaped, with room to spare.
const MAX_BYTES: usize = 8 << 20;

/// A message with its length in front.
pub(crate) fn encode<T: Serialize>(message: &T) -> std::io::Result<Vec<u8>> {
    let mut bytes = vec![0; 4];
    serde_json::to_writer(&mut bytes, message)?;
    let length = bytes.len() - 4;
    if length > MAX_BYTES {
        return Err(too_long(length));
    }
    bytes[..4].copy_from_slice(&(length as u32).to_le_bytes());
    Ok(bytes)
}

pub(crate) fn write<T: Serialize>(sink: &mut impl Write, message: &T) -> std::io::Result<()> {
    sink.write_all(&encode(message)?)?;
    sink.flush()
}

/// The next message, or `None` at the end of the stream.
pub(crate) fn read<T: DeserializeOwned>(source: &mut impl Read) -> std::io::Result<Option<T>> {
    let mut length = [0; 4];
    if source.read(&mut length[..1])? == 0 {
        return Ok(None);
    }
    source.read_exact(&mut length[1..])?;
    let mut body = vec![0; checked(length)?];
    source.read_exact(&mut body)?;
    Ok(Some(serde_json::from_slice(&body)?))
}

/// As [`read`], without blocking the thread.
pub(crate) async fn read_async<T: DeserializeOwned>(
    source: &mut (impl AsyncRead + Unpin),
) -> std::io::Result<Option<T>> {
    let mut length = [0; 4];
    if source.read(&mut length[..1]).await? == 0 {
        return Ok(None);
    }
    source.read_exact(&mut length[1..]).await?;
    let mut body = vec![0; checked(length)?];
    source.read_exact(&mut body).await?;
    Ok(Some(serde_json::from_slice(&body)?))
}

fn checked(length: [u8; 4]) -> std::io::Result<usize> {
    let length = u32::from_le_bytes(length) as usize;
    if length > MAX_BYTES { Err(too_long(length)) } else { Ok(length) }
}

fn too_long(length: usize) -> Error {
    Error::new(ErrorKind::InvalidData, format!("message of {length} bytes; at most {MAX_BYTES} are allowed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_back_and_the_end_is_told_from_a_cut() {
        let mut bytes = encode(&"one").unwrap();
        bytes.extend(encode(&vec![1, 2]).unwrap());
        let mut source = bytes.as_slice();
        assert_eq!(read::<String>(&mut source).unwrap().as_deref(), Some("one"));
        assert_eq!(read::<Vec<u8>>(&mut source).unwrap(), Some(vec![1, 2]));
        assert_eq!(read::<String>(&mut source).unwrap(), None);
        for cut in 1..6 {
            assert!(read::<String>(&mut &bytes[..cut]).is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn a_length_over_the_limit_is_refused_before_anything_is_allocated() {
        let error = read::<String>(&mut [0xFF; 8].as_slice()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
    }
}
