//! From a file's bytes to its messages, in bounded memory.
//!
//! A decoder makes up to a few hundred bytes of memory of two bytes of file, so a small file could take gigabytes. The
//! numbers of weights do not grow so; all the rest of a file may therefore take [`MAX_STRUCTURE`] only, which is
//! measured before anything is decoded.

use prost::Message;
use prost::bytes::Bytes;

use super::ImportError;
use super::proto::ModelProto;
use crate::model::MAX_WEIGHTS;

/// The most bytes of everything but the initialisers' numbers.
pub(super) const MAX_STRUCTURE: usize = 1 << 20;
/// The most bytes of a file: as many weights as a model may have, and the structure.
pub const MAX_FILE: usize = 4 * MAX_WEIGHTS + MAX_STRUCTURE;

/// Length-delimited, in the terms of the wire format.
const MESSAGE: u64 = 2;
const GRAPH: u64 = 7;
const INITIALIZER: u64 = 5;
const FLOAT_DATA: u64 = 4;
const RAW_DATA: u64 = 9;

pub(super) fn decode(file: &[u8]) -> Result<ModelProto, ImportError> {
    if file.len() > MAX_FILE {
        return Err(ImportError::File {
            reason: format!("it has {} bytes, more than {MAX_FILE}", file.len()),
        });
    }
    let structure = file.len() - numbers(file)?;
    if structure > MAX_STRUCTURE {
        return Err(ImportError::File {
            reason: format!(
                "{structure} bytes of it are not weights, more than {MAX_STRUCTURE}: strip documentation and \
                 metadata, and keep weights as initialisers in packed form"
            ),
        });
    }
    ModelProto::decode(Bytes::copy_from_slice(file))
        .map_err(|error| ImportError::File { reason: format!("it is not an ONNX file: {error}") })
}

/// How many bytes the numbers of initialisers take.
fn numbers(file: &[u8]) -> Result<usize, ImportError> {
    let mut sum = 0;
    for graph in (Fields { rest: file }).of(GRAPH) {
        for tensor in (Fields { rest: graph? }).of(INITIALIZER) {
            let tensor = tensor?;
            for field in [FLOAT_DATA, RAW_DATA] {
                for data in (Fields { rest: tensor }).of(field) {
                    sum += data?.len();
                }
            }
        }
    }
    Ok(sum)
}

/// The fields of a message.
struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    /// The length-delimited fields of that number.
    fn of(self, number: u64) -> impl Iterator<Item = Result<&'a [u8], ImportError>> {
        self.filter_map(move |field| match field {
            Ok((found, Some(data))) if found == number => Some(Ok(data)),
            Ok(_) => None,
            Err(error) => Some(Err(error)),
        })
    }

    fn take(&mut self, count: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(usize::try_from(count).ok()?)?;
        self.rest = rest;
        Some(taken)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for place in 0..10 {
            let byte = u64::from(self.take(1)?[0]);
            value |= (byte & 0x7f) << (7 * place);
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn field(&mut self) -> Option<(u64, Option<&'a [u8]>)> {
        let key = self.varint()?;
        let data = match key & 7 {
            0 => self.varint().map(|_| None)?,
            1 => self.take(8).map(|_| None)?,
            MESSAGE => {
                let length = self.varint()?;
                Some(self.take(length)?)
            }
            5 => self.take(4).map(|_| None)?,
            // Groups, which ONNX does not use.
            _ => return None,
        };
        Some((key >> 3, data))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Option<&'a [u8]>), ImportError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            self.rest = &[];
        }
        Some(field.ok_or_else(|| ImportError::File { reason: "it is cut off or not protobuf".into() }))
    }
}
