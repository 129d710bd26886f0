//! Operators with weights.

use super::ImportError;
use super::chain::Node;
use super::operators::Builder;
use super::tensor::{Data, Tensor};
use crate::float::{FloatConv, FloatGemm, FloatLayer};
use crate::model::{MAX_TENSOR, Shape};

impl Builder {
    /// The floats at the node's input number `index`.
    fn weights(&self, node: &Node, index: usize, what: &str) -> Result<(&Tensor, &[f32]), ImportError> {
        let name = node.proto.input.get(index).map_or("", String::as_str);
        match self.constants.get(name) {
            Some(tensor @ Tensor { data: Data::Floats(values), .. }) => Ok((tensor, values)),
            _ => Err(node.error(format!(
                "its input {index} ({what}) is not a float initialiser; weights have to be constants of the file"
            ))),
        }
    }

    fn takes_data_first(node: &Node) -> Result<(), ImportError> {
        match node.proto.input.first() {
            Some(first) if *first == node.data => Ok(()),
            _ => Err(node.error("the data have to be its first input, the weights the second")),
        }
    }

    pub(super) fn gemm(&mut self, node: &Node) -> Result<(), ImportError> {
        node.only(&["alpha", "beta", "transA", "transB"])?;
        node.require("transA", 0, 0)?;
        let number = |name| node.attribute(name).and_then(|attribute| attribute.f).unwrap_or(1.0);
        let (alpha, beta) = (number("alpha"), number("beta"));
        if !alpha.is_finite() || !beta.is_finite() {
            return Err(node.error("alpha or beta is no number to compute with"));
        }
        let mut gemm = self.product(node, node.integer("transB", 0) != 0)?;
        gemm.weights.iter_mut().for_each(|weight| *weight *= alpha);
        if node.proto.input.get(2).is_some_and(|name| !name.is_empty()) {
            let (tensor, values) = self.weights(node, 2, "bias")?;
            let bias = spread(&tensor.dims, values, Shape::vector(gemm.bias.len()), true)
                .ok_or_else(|| node.error(format!("a bias of shape {:?} does not fit", tensor.dims)))?;
            gemm.bias = bias.into_iter().map(|bias| beta * bias).collect();
        }
        self.push(FloatLayer::Gemm(gemm), node)
    }

    pub(super) fn matmul(&mut self, node: &Node) -> Result<(), ImportError> {
        node.only(&[])?;
        let gemm = self.product(node, false)?;
        self.push(FloatLayer::Gemm(gemm), node)
    }

    /// A product with a matrix; `transposed` says that its rows belong to outputs.
    fn product(&self, node: &Node, transposed: bool) -> Result<FloatGemm, ImportError> {
        Self::takes_data_first(node)?;
        if !self.flat {
            return Err(node.error("its data are an image; flatten them before"));
        }
        let (tensor, values) = self.weights(node, 1, "weights")?;
        let [rows, columns] = tensor.dims[..] else {
            return Err(node.error(format!("weights of shape {:?} are not a matrix", tensor.dims)));
        };
        let (inputs, outputs) = if transposed { (columns, rows) } else { (rows, columns) };
        if inputs != self.shape.len() || outputs > MAX_TENSOR {
            return Err(node.error(format!(
                "weights for {inputs} inputs and {outputs} outputs do not fit data of {} values",
                self.shape.len()
            )));
        }
        let weights = if transposed {
            values.to_vec()
        } else {
            (0..outputs).flat_map(|to| (0..inputs).map(move |from| values[from * outputs + to])).collect()
        };
        Ok(FloatGemm { weights, bias: vec![0.0; outputs] })
    }

    pub(super) fn conv(&mut self, node: &Node) -> Result<(), ImportError> {
        node.only(&["auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"])?;
        node.require("group", 1, 1)?;
        Self::takes_data_first(node)?;
        let (tensor, weights) = self.weights(node, 1, "weights")?;
        let [filters, channels, rows, columns] = tensor.dims[..] else {
            return Err(node.error(format!("weights of shape {:?} are not those of an image", tensor.dims)));
        };
        if self.flat || channels != self.shape.channels {
            return Err(node.error(format!(
                "weights for images of {channels} channels do not fit data of shape {:?}",
                self.shape
            )));
        }
        let windows = node.windows(Some([rows, columns]))?;
        let bias = if node.proto.input.get(2).is_some_and(|name| !name.is_empty()) {
            self.weights(node, 2, "bias")?.1.to_vec()
        } else {
            vec![0.0; filters]
        };
        if bias.len() != filters {
            return Err(node.error(format!("{} biases do not fit {filters} filters", bias.len())));
        }
        let weights = weights.to_vec();
        let conv = FloatConv {
            weights,
            bias,
            kernel: windows.window,
            stride: windows.stride,
            padding: windows.padding,
        };
        self.push(FloatLayer::Conv(conv), node)
    }

    /// A bias that is a node of its own.
    pub(super) fn add_bias(&mut self, node: &Node) -> Result<(), ImportError> {
        node.only(&[])?;
        let at = usize::from(node.proto.input.first() == Some(&node.data));
        let (tensor, values) = self.weights(node, at, "bias")?;
        let (dims, fitting) = (tensor.dims.clone(), spread(&tensor.dims, values, self.shape, self.flat));
        let bias = match self.layers.last_mut() {
            Some(FloatLayer::Gemm(gemm)) if self.flat => &mut gemm.bias,
            Some(FloatLayer::Conv(conv)) if !self.flat => &mut conv.bias,
            _ => return Err(node.error("it does not directly follow the product whose bias it would be")),
        };
        let fitting = fitting.ok_or_else(|| {
            node.error(format!("a bias of shape {dims:?} is not one number for all or one per channel"))
        })?;
        bias.iter_mut().zip(fitting).for_each(|(bias, more)| *bias += more);
        Ok(())
    }
}

/// One value per channel, from a tensor that is broadcast to (batch, length), or to (batch, channels, rows, columns) and
/// is the same for all rows and columns.
fn spread(dims: &[usize], values: &[f32], shape: Shape, flat: bool) -> Option<Vec<f32>> {
    if let [one] = values {
        return (dims.len() <= if flat { 2 } else { 4 }).then(|| vec![*one; shape.channels]);
    }
    let channel = dims.len().checked_sub(if flat { 1 } else { 3 })?;
    let alone = dims.iter().enumerate().all(|(at, length)| at == channel || *length == 1);
    (alone && dims[channel] == shape.channels && channel <= 1).then(|| values.to_vec())
}
