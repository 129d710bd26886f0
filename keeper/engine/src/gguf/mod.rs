//! A strict reader of GGUF files.
//!
//! The header of a GGUF file is data from a stranger: every count and length is checked against a limit and
//! against the file before anything is allocated, text must be UTF-8, and tensors must lie inside the file
//! and not add up to more than it. The tensor data themselves are decoded by candle.

mod header;
mod value;

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use candle_core::quantized::{GgmlDType, QTensor, gguf_file};
use candle_core::{Device, Shape};

use value::Value;

use crate::{EngineError, Pinned};

/// An open GGUF file whose header has been read and checked.
#[derive(Debug)]
pub(crate) struct Gguf {
    path: PathBuf,
    file: Pinned,
    metadata: HashMap<String, Value>,
    tensors: HashMap<String, TensorEntry>,
    data_offset: u64,
}

/// Where a tensor lies and what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
struct TensorEntry {
    dtype: GgmlDType,
    /// Row-major, as candle wants it; GGUF stores the reverse.
    shape: Vec<usize>,
    offset: u64,
    bytes: u64,
}

impl Gguf {
    /// Reads the header of a file that nobody vouches for.
    pub(crate) fn open_unchecked(path: &Path) -> Result<Self, EngineError> {
        let file = File::open(path).and_then(Pinned::unchecked);
        let file =
            file.map_err(|error| EngineError::model_file(path, format!("cannot be opened: {error}")))?;
        Gguf::read(path, file)
    }

    /// Reads the header of a file that is positioned at its start. `path` is for messages.
    pub(crate) fn read(path: &Path, mut file: Pinned) -> Result<Self, EngineError> {
        let header = header::read(&mut file)
            .map_err(|error| EngineError::model_file(path, format!("not a usable GGUF file: {error}")))?;
        Ok(Gguf {
            path: path.to_owned(),
            file,
            metadata: header.metadata,
            tensors: header.tensors,
            data_offset: header.data_offset,
        })
    }

    /// An error that names this file.
    pub(crate) fn error(&self, reason: impl std::fmt::Display) -> EngineError {
        EngineError::model_file(&self.path, reason)
    }

    fn typed<'a, T>(
        &'a self,
        key: &str,
        what: &str,
        convert: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, EngineError> {
        match self.metadata.get(key) {
            None => Ok(None),
            Some(value) => convert(value)
                .map(Some)
                .ok_or_else(|| self.error(format!("metadata `{key}` is not {what} but {}", value.kind()))),
        }
    }

    fn required<T>(&self, key: &str, value: Option<T>) -> Result<T, EngineError> {
        value.ok_or_else(|| self.error(format!("metadata `{key}` is missing")))
    }

    pub(crate) fn uint_opt(&self, key: &str) -> Result<Option<u64>, EngineError> {
        self.typed(key, "a whole number", Value::as_uint)
    }

    pub(crate) fn uint(&self, key: &str) -> Result<u64, EngineError> {
        let value = self.uint_opt(key)?;
        self.required(key, value)
    }

    pub(crate) fn float_opt(&self, key: &str) -> Result<Option<f64>, EngineError> {
        self.typed(key, "a number", Value::as_float)
    }

    pub(crate) fn float(&self, key: &str) -> Result<f64, EngineError> {
        let value = self.float_opt(key)?;
        self.required(key, value)
    }

    pub(crate) fn bool_opt(&self, key: &str) -> Result<Option<bool>, EngineError> {
        self.typed(key, "a truth value", Value::as_bool)
    }

    pub(crate) fn str_opt(&self, key: &str) -> Result<Option<&str>, EngineError> {
        self.typed(key, "text", Value::as_str)
    }

    pub(crate) fn str(&self, key: &str) -> Result<&str, EngineError> {
        let value = self.str_opt(key)?;
        self.required(key, value)
    }

    pub(crate) fn strings(&self, key: &str) -> Result<&[String], EngineError> {
        let value = self.typed(key, "a list of texts", Value::as_strings)?;
        self.required(key, value)
    }

    pub(crate) fn ints(&self, key: &str) -> Result<&[i64], EngineError> {
        let value = self.typed(key, "a list of whole numbers", Value::as_ints)?;
        self.required(key, value)
    }

    pub(crate) fn floats(&self, key: &str) -> Result<&[f32], EngineError> {
        let value = self.typed(key, "a list of numbers", Value::as_floats)?;
        self.required(key, value)
    }

    /// Whether a tensor of that name exists.
    pub(crate) fn has_tensor(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// Rows of a two-dimensional tensor, before it is loaded.
    pub(crate) fn rows(&self, name: &str) -> Option<usize> {
        self.tensors.get(name)?.shape.first().copied()
    }

    /// The entry of a tensor that must have the given shape.
    fn entry(&self, name: &str, shape: &[usize]) -> Result<&TensorEntry, EngineError> {
        let Some(entry) = self.tensors.get(name) else {
            return Err(self.error(format!("tensor `{name}` is missing")));
        };
        if entry.shape != shape {
            let reason =
                format!("tensor `{name}` has shape {:?}, the metadata ask for {shape:?}", entry.shape);
            return Err(self.error(reason));
        }
        Ok(entry)
    }

    /// Format and bytes of a tensor that must have the given shape.
    pub(crate) fn bytes(&mut self, name: &str, shape: &[usize]) -> Result<(GgmlDType, Vec<u8>), EngineError> {
        let entry = self.entry(name, shape)?;
        let (dtype, at, length) = (entry.dtype, self.data_offset + entry.offset, entry.bytes);
        let unreadable = |error| EngineError::model_file(&self.path, format!("tensor `{name}`: {error}"));
        // Within the file: checked when the header was read.
        let mut bytes = vec![0; length as usize];
        self.file
            .seek(SeekFrom::Start(at))
            .and_then(|_| self.file.read_exact(&mut bytes))
            .map_err(unreadable)?;
        Ok((dtype, bytes))
    }

    /// Loads a tensor that must have the given shape.
    pub(crate) fn tensor(
        &mut self,
        name: &str,
        shape: &[usize],
        device: &Device,
    ) -> Result<QTensor, EngineError> {
        let entry = self.entry(name, shape)?;
        let info = gguf_file::TensorInfo {
            ggml_dtype: entry.dtype,
            shape: Shape::from(entry.shape.clone()),
            offset: entry.offset,
        };
        info.read(&mut self.file, self.data_offset, device).map_err(|error| {
            let EngineError::Inference { reason } = EngineError::from(error) else {
                return EngineError::model_file(&self.path, format!("tensor `{name}` cannot be loaded"));
            };
            EngineError::model_file(&self.path, format!("tensor `{name}`: {reason}"))
        })
    }
}
