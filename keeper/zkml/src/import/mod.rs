//! ONNX files into [`FloatModel`]s.

mod attributes;
mod chain;
mod error;
mod linear;
mod open;
mod operators;
mod proto;
mod tensor;

pub use error::ImportError;
pub use open::MAX_FILE;

use chain::Chain;
use proto::{ModelProto, ValueInfo};

use crate::float::FloatModel;
use crate::model::{MAX_TENSOR, Shape};
use error::shown;
use operators::Builder;

/// The operators that are supported, for messages.
pub const SUPPORTED: &str = "Gemm, MatMul, Add (of a bias), Conv, Relu, MaxPool, AveragePool, GlobalAveragePool, Flatten, \
     Reshape, ArgMax (last), Softmax and LogSoftmax (last), Constant, Dropout and Identity";

/// The versions of the standard operators under which the supported ones mean what this crate takes them for.
const OPERATOR_SETS: std::ops::RangeInclusive<i64> = 7..=25;

/// A model read from an ONNX file.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// The model.
    pub model: FloatModel,
    /// What was left out of it, for people.
    pub notes: Vec<String>,
}

/// Reads an ONNX file. Time and memory are bounded by the file's size, which is bounded by [`MAX_FILE`].
///
/// # Errors
/// Names the first thing that is not supported, and what is.
pub fn read(file: &[u8]) -> Result<Imported, ImportError> {
    let proto = open::decode(file)?;
    check_versions(&proto)?;
    let graph = proto.graph.ok_or_else(|| ImportError::File { reason: "it has no graph".into() })?;
    let chain = Chain::read(graph)?;
    let (shape, flat) = input_shape(&chain.input)?;
    let mut builder = Builder::new(shape, flat, chain.constants);
    for node in &chain.nodes {
        builder.add(node)?;
    }
    builder.finish()
}

fn check_versions(proto: &ModelProto) -> Result<(), ImportError> {
    let error = |reason: String| Err(ImportError::File { reason });
    if !proto.functions.is_empty() {
        return error("it defines functions of its own, which are not supported; inline them".into());
    }
    let mut standard = proto.opset_import.iter().filter(|set| matches!(set.domain.as_str(), "" | "ai.onnx"));
    match (standard.next(), standard.next()) {
        (Some(set), None) if OPERATOR_SETS.contains(&set.version) => Ok(()),
        (Some(set), None) => error(format!(
            "it uses operator set {}; {} to {} are supported",
            set.version,
            OPERATOR_SETS.start(),
            OPERATOR_SETS.end()
        )),
        _ => error("it does not name one version of the standard operators".into()),
    }
}

/// The shape of one input, and whether it is a row of numbers rather than an image.
fn input_shape(input: &ValueInfo) -> Result<(Shape, bool), ImportError> {
    let error = |reason: String| ImportError::Tensor { name: shown(&input.name), reason };
    let tensor = input.kind.as_ref().and_then(|kind| kind.tensor.as_ref());
    let tensor = tensor.ok_or_else(|| error("the input is not a tensor".into()))?;
    if tensor.element != proto::FLOAT {
        return Err(error(format!("the input has the data type {}; 1 (float) is supported", tensor.element)));
    }
    let dims = tensor.shape.as_ref().map_or(&[][..], |shape| &shape.dim);
    // One input at a time: the first dimension counts inputs.
    if dims.first().and_then(|batch| batch.value).is_some_and(|batch| batch > 1) {
        return Err(error(
            "the input is a batch of a fixed size; leave its first dimension open or 1".into(),
        ));
    }
    let lengths = dims.iter().skip(1).map(|dim| dim.value.and_then(|value| usize::try_from(value).ok()));
    let lengths: Option<Vec<usize>> = lengths.collect();
    let shape = match lengths.as_deref() {
        Some([length]) => (Shape::vector(*length), true),
        Some([channels, rows, columns]) => (Shape::image(*channels, *rows, *columns), false),
        _ => {
            return Err(error(
                "the input's shape is not (batch, length) or (batch, channels, rows, columns) with known lengths"
                    .into(),
            ));
        }
    };
    match shape.0.checked_len() {
        Some(1..=MAX_TENSOR) => Ok(shape),
        _ => Err(error(format!("the input does not hold 1 to {MAX_TENSOR} values"))),
    }
}
