//! The graph as what it has to be: a chain from one input to one output, with constants beside it.

use std::collections::HashMap;

use super::ImportError;
use super::error::shown;
use super::proto::{AttributeProto, GraphProto, NodeProto, ValueInfo};
use super::tensor::Tensor;
use crate::model::MAX_LAYERS;

/// The most nodes: each layer may come with as many reshapes, identities and constants beside it.
const MAX_NODES: usize = 4 * MAX_LAYERS;

/// A graph whose nodes stand in the order in which data pass them.
pub(super) struct Chain {
    pub(super) input: ValueInfo,
    pub(super) nodes: Vec<Node>,
    pub(super) constants: HashMap<String, Tensor>,
}

/// A node and the name of what flows into it.
pub(super) struct Node {
    pub(super) label: String,
    pub(super) data: String,
    pub(super) proto: NodeProto,
}

impl Node {
    pub(super) fn error(&self, reason: impl Into<String>) -> ImportError {
        ImportError::Node {
            node: self.label.clone(),
            operator: shown(&self.proto.op_type),
            reason: reason.into(),
        }
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&AttributeProto> {
        self.proto.attribute.iter().find(|attribute| attribute.name == name)
    }
}

fn graph_error(reason: impl Into<String>) -> ImportError {
    ImportError::Graph { reason: reason.into() }
}

impl Chain {
    pub(super) fn read(graph: GraphProto) -> Result<Self, ImportError> {
        if graph.node.is_empty() || graph.node.len() > MAX_NODES {
            return Err(graph_error(format!("it has {} nodes, not 1 to {MAX_NODES}", graph.node.len())));
        }
        if !graph.sparse_initializer.is_empty() {
            return Err(graph_error("it has sparse initialisers"));
        }
        let mut constants = HashMap::new();
        for mut tensor in graph.initializer {
            let name = std::mem::take(&mut tensor.name);
            let read = Tensor::read(&name, tensor)?;
            if constants.insert(name.clone(), read).is_some() {
                return Err(graph_error(format!("two initialisers are called {}", shown(&name))));
            }
        }
        let mut nodes = Vec::new();
        for (index, node) in graph.node.into_iter().enumerate() {
            let label = if node.name.is_empty() { format!("#{index}") } else { shown(&node.name) };
            let node = Node { label, data: String::new(), proto: node };
            if node.proto.op_type == "Constant" && node.proto.domain.is_empty() {
                let (name, tensor) = constant(node)?;
                if constants.insert(name.clone(), tensor).is_some() {
                    return Err(graph_error(format!("two constants are called {}", shown(&name))));
                }
            } else {
                nodes.push(node);
            }
        }
        // Up to version 3 of the format, initialisers are listed as inputs as well.
        let mut inputs = graph.input.into_iter().filter(|input| !constants.contains_key(&input.name));
        let (Some(input), None) = (inputs.next(), inputs.next()) else {
            return Err(graph_error("it does not have exactly one input"));
        };
        let [output] = graph.output.as_slice() else {
            return Err(graph_error("it does not have exactly one output"));
        };
        let nodes = follow(&input.name, &output.name, nodes, &constants)?;
        Ok(Self { input, nodes, constants })
    }
}

fn constant(mut node: Node) -> Result<(String, Tensor), ImportError> {
    let value = node.proto.attribute.iter_mut().find(|attribute| attribute.name == "value");
    let Some(tensor) = value.and_then(|value| value.t.take()) else {
        return Err(node.error("only the attribute `value` is supported"));
    };
    let [name] = node.proto.output.as_slice() else {
        return Err(node.error("it does not have exactly one output"));
    };
    Ok((name.clone(), Tensor::read(name, tensor)?))
}

/// Walks from the input, each time to the one node that takes what the last one yields. Every step uses up a node, so
/// this ends; what is left over is no part of the chain.
fn follow(
    input: &str,
    output: &str,
    nodes: Vec<Node>,
    constants: &HashMap<String, Tensor>,
) -> Result<Vec<Node>, ImportError> {
    let mut takers: HashMap<String, Vec<usize>> = HashMap::new();
    let mut known: HashMap<&str, ()> = constants.keys().map(|name| (name.as_str(), ())).collect();
    known.insert(input, ());
    for (index, node) in nodes.iter().enumerate() {
        for name in node.proto.input.iter().filter(|name| !name.is_empty() && !constants.contains_key(*name))
        {
            takers.entry(name.clone()).or_default().push(index);
        }
        for name in node.proto.output.iter().filter(|name| !name.is_empty()) {
            if known.insert(name, ()).is_some() {
                return Err(node.error(format!("its output {} has the name of another tensor", shown(name))));
            }
        }
    }
    let mut left: Vec<Option<Node>> = nodes.into_iter().map(Some).collect();
    let mut chain = Vec::with_capacity(left.len());
    let mut current = input.to_owned();
    loop {
        let node = match takers.get(&current).map(Vec::as_slice) {
            None | Some([]) => break,
            Some([one]) => left[*one].take(),
            Some(_) => return Err(graph_error(format!("{} is used more than once", shown(&current)))),
        };
        let Some(mut node) = node else {
            return Err(graph_error(format!("it has a cycle through {}", shown(&current))));
        };
        let [next] = node.proto.output.as_slice() else {
            return Err(node.error("it does not have exactly one output"));
        };
        node.data = std::mem::replace(&mut current, next.clone());
        chain.push(node);
    }
    if let Some(node) = left.iter().flatten().next() {
        return Err(node.error("it is not on the way from the input to the output"));
    }
    if current != output {
        return Err(graph_error(format!("the chain ends with {} and not its output", shown(&current))));
    }
    Ok(chain)
}
