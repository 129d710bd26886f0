//! Constant tensors.

use super::ImportError;
use super::error::shown;
use super::proto::{FLOAT, INT64, TensorProto};
use crate::model::MAX_WEIGHTS;

/// The most dimensions of a constant.
const MAX_RANK: usize = 8;

#[derive(Debug)]
pub(super) struct Tensor {
    pub(super) dims: Vec<usize>,
    pub(super) data: Data,
}

#[derive(Debug)]
pub(super) enum Data {
    Floats(Vec<f32>),
    Integers(Vec<i64>),
}

impl Tensor {
    pub(super) fn read(name: &str, proto: TensorProto) -> Result<Self, ImportError> {
        Self::decode(proto).map_err(|reason| ImportError::Tensor { name: shown(name), reason })
    }

    /// Allocates nothing for a length before its bytes are there.
    fn decode(proto: TensorProto) -> Result<Self, String> {
        if proto.data_location != 0 || !proto.external_data.is_empty() {
            return Err("its numbers are in another file; save the model with its weights inside".into());
        }
        if proto.segment.is_some() {
            return Err("it is stored in segments, which are not supported".into());
        }
        if proto.dims.len() > MAX_RANK {
            return Err(format!("it has {} dimensions; up to {MAX_RANK} are supported", proto.dims.len()));
        }
        let dims = proto.dims.iter().map(|dim| usize::try_from(*dim)).collect::<Result<Vec<_>, _>>();
        let dims = dims.map_err(|_| format!("its shape {:?} has a negative length", proto.dims))?;
        let count = dims.iter().try_fold(1_usize, |product, dim| product.checked_mul(*dim));
        let count = count
            .filter(|count| (1..=MAX_WEIGHTS).contains(count))
            .ok_or_else(|| format!("its shape {dims:?} does not hold 1 to {MAX_WEIGHTS} numbers"))?;
        let data = match proto.data_type {
            FLOAT => Data::Floats(match &proto.raw_data {
                Some(raw) => words(raw, count)?.map(f32::from_le_bytes).collect(),
                None => proto.float_data,
            }),
            INT64 => Data::Integers(match &proto.raw_data {
                Some(raw) => words(raw, count)?.map(i64::from_le_bytes).collect(),
                None => proto.int64_data,
            }),
            other => {
                return Err(format!("it has the data type {other}; 1 (float) and 7 (int64) are supported"));
            }
        };
        let found = match &data {
            Data::Floats(values) => values.len(),
            Data::Integers(values) => values.len(),
        };
        if found != count {
            return Err(format!("it holds {found} numbers where its shape {dims:?} asks for {count}"));
        }
        if let Data::Floats(values) = &data
            && let Some(value) = values.iter().find(|value| !value.is_finite())
        {
            return Err(format!("it holds {value}, which is no number to compute with"));
        }
        Ok(Self { dims, data })
    }
}

fn words<const N: usize>(raw: &[u8], count: usize) -> Result<impl Iterator<Item = [u8; N]>, String> {
    let (words, rest) = raw.as_chunks::<N>();
    if words.len() != count || !rest.is_empty() {
        return Err(format!("it holds {} bytes where its shape asks for {} times {N}", raw.len(), count));
    }
    Ok(words.iter().copied())
}
