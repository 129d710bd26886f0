//! Writes ONNX files of every kind of wrongness: a protobuf writer that checks nothing, apart from the importer's reader.

/// A message being written.
#[derive(Debug, Default, Clone)]
pub(crate) struct Message(pub(crate) Vec<u8>);

impl Message {
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    pub(crate) fn int(mut self, field: u64, value: i64) -> Self {
        self.varint(field << 3);
        self.varint(value as u64);
        self
    }

    pub(crate) fn float(mut self, field: u64, value: f32) -> Self {
        self.varint(field << 3 | 5);
        self.0.extend(value.to_le_bytes());
        self
    }

    pub(crate) fn bytes(mut self, field: u64, value: impl AsRef<[u8]>) -> Self {
        self.varint(field << 3 | 2);
        self.varint(value.as_ref().len() as u64);
        self.0.extend(value.as_ref());
        self
    }

    pub(crate) fn part(self, field: u64, value: &Message) -> Self {
        self.bytes(field, &value.0)
    }

    pub(crate) fn parts(self, field: u64, values: &[Message]) -> Self {
        values.iter().fold(self, |message, value| message.part(field, value))
    }
}

fn new() -> Message {
    Message::default()
}

/// A node.
pub(crate) fn node(operator: &str, inputs: &[&str], output: &str, attributes: &[Message]) -> Message {
    let node = inputs.iter().fold(new(), |node, input| node.bytes(1, input));
    node.bytes(2, output).bytes(3, format!("the {operator}")).bytes(4, operator).parts(5, attributes)
}

/// An attribute of integers.
pub(crate) fn ints(name: &str, values: &[i64]) -> Message {
    values.iter().fold(new().bytes(1, name), |message, value| message.int(8, *value))
}

/// An attribute of one integer.
pub(crate) fn int(name: &str, value: i64) -> Message {
    new().bytes(1, name).int(3, value)
}

/// An initialiser of floats.
pub(crate) fn floats(name: &str, dims: &[i64], values: &[f32]) -> Message {
    let raw: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    shaped(name, dims, 1).bytes(9, raw)
}

/// An initialiser of integers.
pub(crate) fn integers(name: &str, values: &[i64]) -> Message {
    let raw: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    shaped(name, &[values.len() as i64], 7).bytes(9, raw)
}

/// An initialiser without its numbers.
pub(crate) fn shaped(name: &str, dims: &[i64], kind: i64) -> Message {
    dims.iter().fold(new(), |message, dim| message.int(1, *dim)).int(2, kind).bytes(8, name)
}

/// An input or output of floats.
pub(crate) fn value(name: &str, dims: &[i64]) -> Message {
    let shape = dims.iter().fold(new(), |shape, dim| shape.part(1, &new().int(1, *dim)));
    new().bytes(1, name).part(2, &new().part(1, &new().int(1, 1).part(2, &shape)))
}

/// A graph from x of a shape to y.
pub(crate) fn graph(shape: &[i64], nodes: &[Message], initialisers: &[Message]) -> Message {
    let dims: Vec<i64> = [1].iter().chain(shape).copied().collect();
    new().parts(1, nodes).parts(5, initialisers).part(11, &value("x", &dims)).part(12, &value("y", &[]))
}

/// A file around a graph.
pub(crate) fn file(graph: &Message) -> Vec<u8> {
    new().int(1, 8).part(7, graph).part(8, &new().int(2, 17)).0
}

/// A file from x of a shape to y.
pub(crate) fn model(shape: &[i64], nodes: &[Message], initialisers: &[Message]) -> Vec<u8> {
    file(&graph(shape, nodes, initialisers))
}
