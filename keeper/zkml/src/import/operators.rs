//! Nodes into layers, with the shape of the data at hand.

use std::collections::HashMap;

use super::chain::Node;
use super::error::shown;
use super::tensor::{Data, Tensor};
use super::{ImportError, Imported};
use crate::float::{FloatLayer, FloatModel};
use crate::model::{Pool, Shape};

pub(super) struct Builder {
    input: Shape,
    pub(super) shape: Shape,
    /// Whether the data are a row of numbers, as (batch, length), rather than an image.
    pub(super) flat: bool,
    pub(super) constants: HashMap<String, Tensor>,
    pub(super) layers: Vec<FloatLayer>,
    /// A node after which nothing but an argmax may come.
    closing: Option<String>,
    notes: Vec<String>,
}

impl Builder {
    pub(super) fn new(shape: Shape, flat: bool, constants: HashMap<String, Tensor>) -> Self {
        Self { input: shape, shape, flat, constants, layers: Vec::new(), closing: None, notes: Vec::new() }
    }

    pub(super) fn finish(self) -> Result<Imported, ImportError> {
        let model = FloatModel::new(self.input, self.layers)
            .map_err(|error| ImportError::Graph { reason: error.to_string() })?;
        Ok(Imported { model, notes: self.notes })
    }

    pub(super) fn push(&mut self, layer: FloatLayer, node: &Node) -> Result<(), ImportError> {
        self.shape = layer.output(self.shape).ok_or_else(|| {
            node.error(format!(
                "it does not fit data of shape {:?}; windows and steps are at least 1 and within the padded data, \
                 padding is less than the window, and tensors are bounded",
                self.shape
            ))
        })?;
        self.layers.push(layer);
        Ok(())
    }

    pub(super) fn add(&mut self, node: &Node) -> Result<(), ImportError> {
        let operator = node.proto.op_type.as_str();
        if !matches!(node.proto.domain.as_str(), "" | "ai.onnx") {
            let operator = format!("{} of {}", shown(operator), shown(&node.proto.domain));
            return Err(ImportError::Operator { node: node.label.clone(), operator });
        }
        if let Some(closing) = self.closing.as_ref().filter(|_| !matches!(operator, "ArgMax" | "Identity")) {
            return Err(node.error(format!("it comes after {closing}; only an ArgMax may")));
        }
        match operator {
            "Gemm" => self.gemm(node),
            "MatMul" => self.matmul(node),
            "Add" => self.add_bias(node),
            "Conv" => self.conv(node),
            "Relu" => {
                node.only(&[])?;
                self.push(FloatLayer::Relu, node)
            }
            "MaxPool" => self.pool(node, FloatLayer::MaxPool),
            "AveragePool" => self.pool(node, FloatLayer::AveragePool),
            "GlobalAveragePool" if !self.flat => {
                let window = [self.shape.rows, self.shape.columns];
                self.push(FloatLayer::AveragePool(Pool { window, stride: [1, 1] }), node)
            }
            "Flatten" => self.flatten(node),
            "Reshape" => self.reshape(node),
            "Dropout" | "Identity" => self.identity(node),
            "Softmax" | "LogSoftmax" => self.softmax(node),
            "ArgMax" => self.argmax(node),
            _ => Err(ImportError::Operator { node: node.label.clone(), operator: shown(operator) }),
        }
    }

    fn pool(&mut self, node: &Node, layer: impl Fn(Pool) -> FloatLayer) -> Result<(), ImportError> {
        node.only(&[
            "auto_pad",
            "ceil_mode",
            "count_include_pad",
            "dilations",
            "kernel_shape",
            "pads",
            "storage_order",
            "strides",
        ])?;
        node.require("ceil_mode", 0, 0)?;
        let windows = node.windows(None)?;
        if self.flat || windows.padding != [0; 4] {
            return Err(node
                .error("it pools a row of numbers, or with padding; images without padding are supported"));
        }
        self.push(layer(Pool { window: windows.window, stride: windows.stride }), node)
    }

    fn flatten(&mut self, node: &Node) -> Result<(), ImportError> {
        node.only(&["axis"])?;
        node.require("axis", 1, 1)?;
        self.become_flat();
        Ok(())
    }

    fn become_flat(&mut self) {
        self.shape = Shape::vector(self.shape.len());
        self.flat = true;
    }

    /// The order of the values stays, so only the shape changes.
    fn reshape(&mut self, node: &Node) -> Result<(), ImportError> {
        node.only(&["allowzero"])?;
        node.require("allowzero", 0, 0)?;
        let target = node.proto.input.get(1).and_then(|name| self.constants.get(name));
        let Some(Tensor { data: Data::Integers(target), .. }) = target else {
            return Err(node.error("its shape is not a constant of int64"));
        };
        let refused = || {
            node.error(format!(
                "the shape {target:?} is not (batch, length) or (batch, channels, rows, columns) of the {} values",
                self.shape.len()
            ))
        };
        let (Some((batch @ (-1..=1), lengths)), 2 | 4) = (target.split_first(), target.len()) else {
            return Err(refused());
        };
        let before = if self.flat {
            vec![self.shape.channels]
        } else {
            vec![self.shape.channels, self.shape.rows, self.shape.columns]
        };
        let mut open = usize::from(*batch == -1);
        let mut product = 1_usize;
        let mut resolved = Vec::new();
        for (at, length) in lengths.iter().enumerate() {
            let length = match length {
                -1 => {
                    open += 1;
                    0
                }
                0 => *before.get(at).ok_or_else(refused)?,
                other => usize::try_from(*other).map_err(|_| refused())?,
            };
            product = product.checked_mul(length.max(1)).ok_or_else(refused)?;
            resolved.push(length);
        }
        let length = self.shape.len();
        if open > 1 || product == 0 || !length.is_multiple_of(product) {
            return Err(refused());
        }
        resolved
            .iter_mut()
            .filter(|resolved| **resolved == 0)
            .for_each(|resolved| *resolved = length / product);
        let shape = match resolved[..] {
            [length] => Shape::vector(length),
            [channels, rows, columns] => Shape::image(channels, rows, columns),
            _ => return Err(refused()),
        };
        if shape.checked_len() != Some(length) {
            return Err(refused());
        }
        let flat = resolved.len() == 1;
        if self.layers.is_empty() {
            self.input = shape;
        } else if !flat && (self.flat || self.shape != shape) {
            return Err(
                node.error("it makes another image of what a layer puts out; only inputs can be made images")
            );
        }
        (self.shape, self.flat) = (shape, flat);
        Ok(())
    }

    fn identity(&mut self, node: &Node) -> Result<(), ImportError> {
        node.only(&["ratio", "seed"])?;
        if node.proto.input.get(2).is_some_and(|name| !name.is_empty()) {
            return Err(node.error("it may be in training mode; export the model for inference"));
        }
        Ok(())
    }

    fn softmax(&mut self, node: &Node) -> Result<(), ImportError> {
        node.only(&["axis"])?;
        if !self.flat || !matches!(node.integer("axis", -1), -1 | 1) {
            return Err(
                node.error("it is not over a row of numbers; (batch, length) with axis 1 is supported")
            );
        }
        self.notes.push(format!(
            "{} ({}) is left out: the outputs are what enters it, in the same order",
            node.label,
            shown(&node.proto.op_type)
        ));
        self.closing = Some(node.label.clone());
        Ok(())
    }

    fn argmax(&mut self, node: &Node) -> Result<(), ImportError> {
        node.only(&["axis", "keepdims", "select_last_index"])?;
        node.require("select_last_index", 0, 0)?;
        if !self.flat || !matches!(node.integer("axis", 0), -1 | 1) {
            return Err(
                node.error("it is not over a row of numbers; (batch, length) with axis 1 is supported")
            );
        }
        if self.layers.last() == Some(&FloatLayer::ArgMax) {
            return Err(node.error("it follows another ArgMax"));
        }
        self.push(FloatLayer::ArgMax, node)?;
        self.closing = Some(node.label.clone());
        Ok(())
    }
}
