//! A file that stays what it was when its digest was checked, whatever others do to it.

use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result, Seek, SeekFrom};
use std::os::unix::fs::FileExt;

use sha2::{Digest, Sha256};

/// Bytes that are read and compared at once.
const PART: u64 = 1 << 20;

/// An open file that is read in parts. Where its digest was checked, so is each part again, by the digest that it had then: nobody
/// who changes the file meanwhile is believed, and one who cuts it off causes an error and no signal, as it would to a mapping.
#[derive(Debug)]
pub struct Pinned {
    file: File,
    length: u64,
    position: u64,
    /// sha256 of each part; nothing where any bytes will do.
    digests: Option<Vec<[u8; 32]>>,
    /// Number of the part that is at hand.
    at: Option<u64>,
    part: Vec<u8>,
}

impl Pinned {
    /// Reads a file to its end. The second value is the sha256 of the whole.
    pub(crate) fn open(mut file: File) -> Result<(Self, [u8; 32])> {
        let (mut whole, mut digests, mut length) = (Sha256::new(), Vec::new(), 0);
        let mut part = Vec::new();
        loop {
            part.clear();
            file.by_ref().take(PART).read_to_end(&mut part)?;
            if part.is_empty() {
                break;
            }
            whole.update(&part);
            digests.push(Sha256::digest(&part).into());
            length += part.len() as u64;
        }
        let pinned = Pinned { file, length, position: 0, digests: Some(digests), at: None, part };
        Ok((pinned, whole.finalize().into()))
    }

    /// A file whose bytes nobody vouches for.
    pub(crate) fn unchecked(file: File) -> Result<Self> {
        let length = file.metadata()?.len();
        Ok(Pinned { file, length, position: 0, digests: None, at: None, part: Vec::new() })
    }

    /// Bytes of the file when it was opened.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    fn take_up(&mut self, number: u64) -> Result<()> {
        if self.at == Some(number) {
            return Ok(());
        }
        self.at = None;
        let begin = number * PART;
        self.part.resize((self.length - begin).min(PART) as usize, 0);
        self.file.read_exact_at(&mut self.part, begin)?;
        if let Some(digests) = &self.digests
            && digests.get(number as usize).is_none_or(|digest| *digest != *Sha256::digest(&self.part))
        {
            return Err(Error::new(ErrorKind::InvalidData, "it was changed after its digest was checked"));
        }
        self.at = Some(number);
        Ok(())
    }
}

impl Read for Pinned {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        if self.position >= self.length || out.is_empty() {
            return Ok(0);
        }
        let number = self.position / PART;
        self.take_up(number)?;
        let rest = &self.part[(self.position - number * PART) as usize..];
        let count = rest.len().min(out.len());
        out[..count].copy_from_slice(&rest[..count]);
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for Pinned {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
            SeekFrom::End(offset) => self.length.checked_add_signed(offset),
        };
        self.position = position
            .ok_or_else(|| Error::new(ErrorKind::InvalidInput, "a position before the file's first byte"))?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use tempfile::NamedTempFile;

    use super::*;

    /// Three parts and a bit, none like another.
    fn bytes() -> Vec<u8> {
        (0..3 * PART + 5).map(|at| (at ^ (at >> 8) ^ (at >> 16)) as u8).collect()
    }

    fn file(bytes: &[u8]) -> NamedTempFile {
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    fn read(pinned: &mut Pinned, at: u64, count: usize) -> Result<Vec<u8>> {
        let mut found = vec![0; count];
        pinned.seek(SeekFrom::Start(at))?;
        pinned.read_exact(&mut found).map(|()| found)
    }

    #[test]
    fn any_piece_is_what_the_file_has_there() {
        let bytes = bytes();
        let file = file(&bytes);
        let (mut pinned, digest) = Pinned::open(file.reopen().unwrap()).unwrap();
        assert_eq!(digest, <[u8; 32]>::from(Sha256::digest(&bytes)));
        assert_eq!(pinned.length(), bytes.len() as u64);
        for (at, count) in
            [(0, 9), (PART - 3, 7), (5, 2 * PART as usize), (3 * PART, 5), (1, 1), (0, bytes.len())]
        {
            assert_eq!(read(&mut pinned, at, count).unwrap(), &bytes[at as usize..at as usize + count]);
        }
        assert!(read(&mut pinned, 3 * PART, 6).is_err());
        assert_eq!(read(&mut pinned, 9 * PART, 0).unwrap(), b"");
        assert!(pinned.seek(SeekFrom::End(-9 * PART as i64)).is_err());
        let mut whole = Vec::new();
        pinned.rewind().unwrap();
        pinned.read_to_end(&mut whole).unwrap();
        assert!(whole == bytes);
    }

    #[test]
    fn a_change_after_the_check_is_found_where_it_is_read() {
        let file = file(&bytes());
        let (mut pinned, _) = Pinned::open(file.reopen().unwrap()).unwrap();
        file.as_file().write_all_at(&[0xFF; 3], PART + 9).unwrap();
        let error = read(&mut pinned, PART, 4).unwrap_err();
        assert!(error.to_string().contains("after its digest was checked"), "{error}");
        assert!(read(&mut pinned, PART, 4).is_err(), "nor is it believed the second time");
        assert_eq!(read(&mut pinned, 7, 4).unwrap(), &bytes()[7..11]);
        // Put back in time, it is the file that was checked.
        file.as_file().write_all_at(&bytes()[PART as usize + 9..][..3], PART + 9).unwrap();
        assert!(read(&mut pinned, PART, 4).is_ok());
    }

    #[test]
    fn a_file_that_is_cut_off_is_an_error_and_one_that_is_replaced_stays() {
        let cut = file(&bytes());
        let (mut pinned, _) = Pinned::open(cut.reopen().unwrap()).unwrap();
        cut.as_file().set_len(PART + 1).unwrap();
        assert!(read(&mut pinned, PART, 4).is_err());
        assert!(read(&mut pinned, 0, 4).is_ok());

        let replaced = file(&bytes());
        let (mut pinned, _) = Pinned::open(replaced.reopen().unwrap()).unwrap();
        file(b"other").persist(replaced.path()).unwrap();
        assert_eq!(read(&mut pinned, 0, 4).unwrap(), &bytes()[..4]);
    }
}
