//! Inputs and labels in the IDX format, in which the MNIST family of data sets is distributed: two zero bytes, the type
//! of the values (8: unsigned bytes), the number of dimensions, each dimension as 32 bits big-endian, then the values. The
//! first dimension counts samples.

/// Why a data set is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// The bytes are no IDX file of bytes.
    #[error("the data are not an IDX file of unsigned bytes ({reason}): convert them, see docs/zkml.md")]
    Format {
        /// What is wrong with them.
        reason: &'static str,
    },
    /// The samples do not fit the model.
    #[error(
        "a sample has {found} values where the model takes {expected}: use data of the model's input shape"
    )]
    Size {
        /// How many values a sample has.
        found: usize,
        /// How many the model takes.
        expected: usize,
    },
    /// Labels and samples do not belong together.
    #[error(
        "there are {labels} labels for {samples} samples, or labels are not one byte each: use one for each"
    )]
    Labels {
        /// How many labels.
        labels: usize,
        /// How many samples.
        samples: usize,
    },
}

/// Samples of bytes, all of one size; for labels the size is 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    size: usize,
    values: Vec<u8>,
}

impl Dataset {
    /// Takes samples of `size` bytes each, one after the other.
    ///
    /// # Errors
    /// When there are none, or the last one is cut off.
    pub fn new(size: usize, values: Vec<u8>) -> Result<Self, DatasetError> {
        if size == 0 || values.is_empty() || !values.len().is_multiple_of(size) {
            return Err(DatasetError::Format {
                reason: "its size is not that of whole samples, at least one",
            });
        }
        Ok(Self { size, values })
    }

    /// Reads an IDX file.
    ///
    /// # Errors
    /// When it is none, or holds anything but unsigned bytes.
    pub fn from_idx(file: &[u8]) -> Result<Self, DatasetError> {
        let error = |reason| DatasetError::Format { reason };
        let (magic, rest) = file.split_at_checked(4).ok_or_else(|| error("it is too short"))?;
        let [0, 0, 8, rank @ 1..=4] = *magic else {
            return Err(error("another type or number of dimensions"));
        };
        let (dims, values) =
            rest.split_at_checked(4 * usize::from(rank)).ok_or_else(|| error("it is too short"))?;
        let mut dims = dims.as_chunks::<4>().0.iter().map(|dim| u32::from_be_bytes(*dim) as usize);
        let count = dims.next().unwrap_or_default();
        let size = dims
            .try_fold(1_usize, usize::checked_mul)
            .ok_or_else(|| error("its dimensions are too large"))?;
        if size.checked_mul(count) != Some(values.len()) {
            return Err(error("its length is not that of its dimensions"));
        }
        Self::new(size, values.to_vec())
    }

    /// How many samples there are.
    pub fn len(&self) -> usize {
        self.values.len() / self.size
    }

    /// Whether there are none; never true.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// How many bytes a sample has.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The samples, in order.
    pub fn samples(&self) -> impl DoubleEndedIterator<Item = &[u8]> + ExactSizeIterator {
        self.values.chunks_exact(self.size)
    }

    /// The samples of a model whose inputs have `expected` values.
    ///
    /// # Errors
    /// When they have another size.
    pub fn fits(&self, expected: usize) -> Result<(), DatasetError> {
        if self.size == expected { Ok(()) } else { Err(DatasetError::Size { found: self.size, expected }) }
    }

    /// The samples as the labels of `data`.
    ///
    /// # Errors
    /// When there is not one byte for each sample.
    pub fn labels(&self, data: &Dataset) -> Result<&[u8], DatasetError> {
        if self.size == 1 && self.len() == data.len() {
            Ok(&self.values)
        } else {
            Err(DatasetError::Labels { labels: self.len(), samples: data.len() })
        }
    }
}
