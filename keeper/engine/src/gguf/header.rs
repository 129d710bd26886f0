use std::collections::HashMap;
use std::io::{BufReader, Read, Take};

use candle_core::quantized::GgmlDType;
use thiserror::Error;

use super::{TensorEntry, Value};
use crate::Pinned;

const MAGIC: [u8; 4] = *b"GGUF";
/// Names, metadata and tensor list together; a vocabulary of 260,000 tokens with its merges takes 12 MiB.
const MAX_HEADER_BYTES: u64 = 64 << 20;
const MAX_STRING_BYTES: u64 = 1 << 20;
const MAX_LIST: u64 = 1 << 20;
const MAX_ENTRIES: u64 = 1 << 16;
const MAX_DIMENSIONS: u32 = 4;
const DEFAULT_ALIGNMENT: u64 = 32;

#[derive(Debug, Error)]
pub(super) enum HeaderError {
    #[error("it does not start with the letters GGUF")]
    Magic,
    #[error("version {0} is not supported; 2 and 3 are")]
    Version(u32),
    #[error("it ends in the middle of {0}; the download may be incomplete")]
    Truncated(&'static str),
    #[error("cannot be read: {0}")]
    Io(std::io::Error),
    #[error("{what} is {found}, more than the limit of {limit}")]
    TooMany { what: &'static str, found: u64, limit: u64 },
    #[error("{0} is not valid UTF-8")]
    Utf8(String),
    #[error("metadata `{0}` occurs twice")]
    Duplicate(String),
    #[error("metadata `{key}` has unknown type {kind}")]
    ValueType { key: String, kind: u32 },
    #[error("alignment {0} is not a power of two")]
    Alignment(u64),
    #[error("tensor `{name}` {reason}")]
    Tensor { name: String, reason: String },
    #[error("its tensors need {needed} bytes, more than the {available} that the file has for them")]
    Overlap { needed: u64, available: u64 },
}

pub(super) struct Header {
    pub(super) metadata: HashMap<String, Value>,
    pub(super) tensors: HashMap<String, TensorEntry>,
    pub(super) data_offset: u64,
}

pub(super) fn read(file: &mut Pinned) -> Result<Header, HeaderError> {
    let file_bytes = file.length();
    let limit = file_bytes.min(MAX_HEADER_BYTES);
    let mut source =
        Source { reader: BufReader::new(file.take(limit)), limit, part: "the file's first bytes" };
    if source.bytes::<4>()? != MAGIC {
        return Err(HeaderError::Magic);
    }
    let version = source.u32()?;
    if !(2..=3).contains(&version) {
        return Err(HeaderError::Version(version));
    }
    let tensor_count = source.count("the number of tensors", MAX_ENTRIES)?;
    let metadata_count = source.count("the number of metadata entries", MAX_ENTRIES)?;

    source.part = "its metadata";
    let mut metadata = HashMap::new();
    for _ in 0..metadata_count {
        let key = source.string("a metadata key")?;
        let value = source.value(&key)?;
        if metadata.insert(key.clone(), value).is_some() {
            return Err(HeaderError::Duplicate(key));
        }
    }

    source.part = "its list of tensors";
    let mut tensors = HashMap::new();
    for _ in 0..tensor_count {
        let (name, entry) = source.tensor()?;
        if tensors.contains_key(&name) {
            return Err(HeaderError::Tensor { name, reason: "occurs twice".to_owned() });
        }
        tensors.insert(name, entry);
    }

    let alignment = metadata.get("general.alignment").and_then(Value::as_uint).unwrap_or(DEFAULT_ALIGNMENT);
    if !alignment.is_power_of_two() || alignment > MAX_STRING_BYTES {
        return Err(HeaderError::Alignment(alignment));
    }
    let data_offset = source.position().next_multiple_of(alignment);
    check_extents(&tensors, file_bytes.saturating_sub(data_offset))?;
    Ok(Header { metadata, tensors, data_offset })
}

/// Every tensor lies in the data section, and together they are no larger: a small file must not be able to
/// make us allocate a lot by pointing many tensors at the same bytes.
fn check_extents(tensors: &HashMap<String, TensorEntry>, available: u64) -> Result<(), HeaderError> {
    let mut needed = 0_u64;
    for (name, entry) in tensors {
        if entry.offset.checked_add(entry.bytes).is_none_or(|end| end > available) {
            let reason = "reaches past the end of the file; the download may be incomplete".to_owned();
            return Err(HeaderError::Tensor { name: name.clone(), reason });
        }
        needed = needed.saturating_add(entry.bytes);
    }
    if needed > available { Err(HeaderError::Overlap { needed, available }) } else { Ok(()) }
}

struct Source<'a> {
    reader: BufReader<Take<&'a mut Pinned>>,
    limit: u64,
    /// What is being read, for messages about a file that ends early.
    part: &'static str,
}

impl Source<'_> {
    fn position(&self) -> u64 {
        self.limit - self.reader.get_ref().limit() - self.reader.buffer().len() as u64
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), HeaderError> {
        self.reader.read_exact(buffer).map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => HeaderError::Truncated(self.part),
            _ => HeaderError::Io(error),
        })
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], HeaderError> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn u32(&mut self) -> Result<u32, HeaderError> {
        self.bytes().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, HeaderError> {
        self.bytes().map(u64::from_le_bytes)
    }

    fn count(&mut self, what: &'static str, limit: u64) -> Result<u64, HeaderError> {
        let found = self.u64()?;
        if found > limit { Err(HeaderError::TooMany { what, found, limit }) } else { Ok(found) }
    }

    fn string(&mut self, what: &str) -> Result<String, HeaderError> {
        let length = self.count("the length of a text", MAX_STRING_BYTES)?;
        if length > self.limit - self.position() {
            return Err(HeaderError::Truncated(self.part));
        }
        let mut bytes = vec![0; length as usize];
        self.fill(&mut bytes)?;
        String::from_utf8(bytes).map_err(|_| HeaderError::Utf8(what.to_owned()))
    }

    fn value(&mut self, key: &str) -> Result<Value, HeaderError> {
        let kind = self.u32()?;
        match kind {
            8 => self.string(&format!("metadata `{key}`")).map(Value::String),
            9 => self.list(key),
            _ => self.scalar(key, kind),
        }
    }

    fn scalar(&mut self, key: &str, kind: u32) -> Result<Value, HeaderError> {
        Ok(match kind {
            0 => Value::Uint(u8::from_le_bytes(self.bytes()?).into()),
            1 => Value::Int(i8::from_le_bytes(self.bytes()?).into()),
            2 => Value::Uint(u16::from_le_bytes(self.bytes()?).into()),
            3 => Value::Int(i16::from_le_bytes(self.bytes()?).into()),
            4 => Value::Uint(u32::from_le_bytes(self.bytes()?).into()),
            5 => Value::Int(i32::from_le_bytes(self.bytes()?).into()),
            6 => Value::Float(f32::from_le_bytes(self.bytes()?).into()),
            7 => Value::Bool(self.bytes::<1>()? != [0]),
            10 => Value::Uint(u64::from_le_bytes(self.bytes()?)),
            11 => Value::Int(i64::from_le_bytes(self.bytes()?)),
            12 => Value::Float(f64::from_le_bytes(self.bytes()?)),
            _ => return Err(HeaderError::ValueType { key: key.to_owned(), kind }),
        })
    }

    fn list(&mut self, key: &str) -> Result<Value, HeaderError> {
        let kind = self.u32()?;
        let length = self.count("the length of a list", MAX_LIST)?;
        match kind {
            8 => {
                let what = format!("metadata `{key}`");
                let mut strings = Vec::new();
                for _ in 0..length {
                    strings.push(self.string(&what)?);
                }
                Ok(Value::Strings(strings))
            }
            // Lists of lists are refused with the unknown types: no supported model has one.
            _ => self.numbers(key, kind, length),
        }
    }

    fn numbers(&mut self, key: &str, kind: u32, length: u64) -> Result<Value, HeaderError> {
        let (mut numbers, mut floats) = (Vec::new(), Vec::new());
        for _ in 0..length {
            match self.scalar(key, kind)? {
                Value::Int(value) => numbers.push(value),
                Value::Uint(value) => numbers.push(i64::try_from(value).unwrap_or(i64::MAX)),
                Value::Float(value) => floats.push(value as f32),
                _ => {}
            }
        }
        Ok(if numbers.len() as u64 == length {
            Value::Ints(numbers)
        } else if floats.len() as u64 == length {
            Value::Floats(floats)
        } else {
            Value::Skipped
        })
    }

    fn tensor(&mut self) -> Result<(String, TensorEntry), HeaderError> {
        let name = self.string("a tensor name")?;
        let dimensions = self.u32()?;
        if !(1..=MAX_DIMENSIONS).contains(&dimensions) {
            let reason = format!("has {dimensions} dimensions; 1 to {MAX_DIMENSIONS} are allowed");
            return Err(HeaderError::Tensor { name, reason });
        }
        let mut shape = Vec::new();
        for _ in 0..dimensions {
            shape.push(self.u64()?);
        }
        shape.reverse();
        let kind = self.u32()?;
        let offset = self.u64()?;
        match extent(&shape, kind) {
            Ok((dtype, bytes)) => {
                let shape = shape.into_iter().map(|size| size as usize).collect();
                Ok((name, TensorEntry { dtype, shape, offset, bytes }))
            }
            Err(reason) => Err(HeaderError::Tensor { name, reason }),
        }
    }
}

fn extent(shape: &[u64], kind: u32) -> Result<(GgmlDType, u64), String> {
    let dtype = dtype(kind).ok_or_else(|| format!("has unsupported type {kind}"))?;
    let too_large = || format!("has shape {shape:?}, which is too large");
    let elements =
        shape.iter().try_fold(1_u64, |product, size| product.checked_mul(*size)).ok_or_else(too_large)?;
    let block = dtype.block_size() as u64;
    // Blocks run along the last dimension.
    if elements == 0 || !shape.last().is_some_and(|columns| columns.is_multiple_of(block)) {
        return Err(format!("has shape {shape:?}, which does not divide into blocks of {block}"));
    }
    let bytes = (elements / block).checked_mul(dtype.type_size() as u64).ok_or_else(too_large)?;
    Ok((dtype, bytes))
}

/// The format's numbers for element types.
fn dtype(kind: u32) -> Option<GgmlDType> {
    Some(match kind {
        0 => GgmlDType::F32,
        1 => GgmlDType::F16,
        2 => GgmlDType::Q4_0,
        3 => GgmlDType::Q4_1,
        6 => GgmlDType::Q5_0,
        7 => GgmlDType::Q5_1,
        8 => GgmlDType::Q8_0,
        9 => GgmlDType::Q8_1,
        10 => GgmlDType::Q2K,
        11 => GgmlDType::Q3K,
        12 => GgmlDType::Q4K,
        13 => GgmlDType::Q5K,
        14 => GgmlDType::Q6K,
        15 => GgmlDType::Q8K,
        30 => GgmlDType::BF16,
        _ => return None,
    })
}
