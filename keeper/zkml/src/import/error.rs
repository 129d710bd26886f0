use super::SUPPORTED;

/// Why an ONNX file is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The file as a whole.
    #[error("the file cannot be read: {reason}")]
    File {
        /// What is wrong with it.
        reason: String,
    },
    /// The graph as a whole.
    #[error(
        "the graph is not supported: {reason}; one input, one output and a chain of nodes between them are"
    )]
    Graph {
        /// What is wrong with it.
        reason: String,
    },
    /// An operator that is not supported.
    #[error("node {node} has the operator {operator}, which is not supported; supported are {SUPPORTED}")]
    Operator {
        /// The node's name, or its position.
        node: String,
        /// The operator.
        operator: String,
    },
    /// A supported operator in a way that is not supported.
    #[error("node {node} ({operator}): {reason}")]
    Node {
        /// The node's name, or its position.
        node: String,
        /// The operator.
        operator: String,
        /// What is wrong with it, and what is supported.
        reason: String,
    },
    /// An initialiser or constant.
    #[error("tensor {name}: {reason}")]
    Tensor {
        /// The tensor's name.
        name: String,
        /// What is wrong with it, and what is supported.
        reason: String,
    },
}

/// A name from a file as a message can show it: short, and without control characters.
pub(super) fn shown(name: &str) -> String {
    let short: String = name.chars().take(48).flat_map(char::escape_default).collect();
    if name.chars().nth(48).is_some() { format!("`{short}…`") } else { format!("`{short}`") }
}
