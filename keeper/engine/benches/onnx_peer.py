#!/usr/bin/env python3
"""onnxruntime in the comparison that `make bench-engine` prints: embeds with the same safetensors.

    onnx_peer.py MODEL.safetensors THREADS

Builds the encoder as an ONNX graph in memory and answers requests from standard input, a line each, with seconds.
`script/setup.sh llama` installs what it needs.
"""

import json
import pathlib
import struct
import sys
import time

import numpy
import onnxruntime
from onnx import TensorProto, helper, numpy_helper


def safetensors(path):
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    for name, entry in header.items():
        begin, end = (8 + length + at for at in entry["data_offsets"])
        if entry["dtype"] == "F32":
            yield name, numpy.frombuffer(data[begin:end], numpy.float32).reshape(entry["shape"])


class Graph:
    """A BERT encoder with the mean over positions, for ids of the shape [texts, tokens]."""

    def __init__(self, path, config):
        self.weights = dict(safetensors(path))
        self.config = config
        self.nodes, self.initializers = [], []

    def constant(self, name, values):
        self.initializers.append(numpy_helper.from_array(numpy.ascontiguousarray(values), name))
        return name

    def node(self, operator, inputs, name, **attributes):
        self.nodes.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
        return name

    def linear(self, x, name):
        product = self.node("MatMul", [x, self.constant(f"{name}.t", self.weights[f"{name}.weight"].T)], f"{name}.mul")
        return self.node("Add", [product, self.constant(f"{name}.b", self.weights[f"{name}.bias"])], f"{name}.out")

    def norm(self, x, name):
        weight = self.constant(f"{name}.w", self.weights[f"{name}.weight"])
        bias = self.constant(f"{name}.b", self.weights[f"{name}.bias"])
        epsilon = self.config["layer_norm_eps"]
        return self.node("LayerNormalization", [x, weight, bias], f"{name}.out", axis=-1, epsilon=epsilon)

    def heads(self, x, name, order):
        heads = self.config["num_attention_heads"]
        shape = self.constant(f"{name}.shape", numpy.array([0, 0, heads, self.config["hidden_size"] // heads]))
        split = self.node("Reshape", [x, shape], f"{name}.split")
        return self.node("Transpose", [split], f"{name}.heads", perm=order)

    def layer(self, x, index):
        base = f"encoder.layer.{index}"
        attention = f"{base}.attention.self"
        query, key, value = (self.linear(x, f"{attention}.{part}") for part in ("query", "key", "value"))
        query = self.heads(query, f"{attention}.q", [0, 2, 1, 3])
        key = self.heads(key, f"{attention}.k", [0, 2, 3, 1])
        value = self.heads(value, f"{attention}.v", [0, 2, 1, 3])
        width = self.config["hidden_size"] // self.config["num_attention_heads"]
        scores = self.node("MatMul", [query, key], f"{base}.scores")
        scale = self.constant(f"{base}.scale", numpy.float32(width**0.5))
        scores = self.node("Div", [scores, scale], f"{base}.scaled")
        weights = self.node("Softmax", [scores], f"{base}.softmax", axis=-1)
        mixed = self.node("MatMul", [weights, value], f"{base}.mixed")
        mixed = self.node("Transpose", [mixed], f"{base}.back", perm=[0, 2, 1, 3])
        shape = self.constant(f"{base}.shape", numpy.array([0, 0, self.config["hidden_size"]]))
        mixed = self.node("Reshape", [mixed, shape], f"{base}.joined")
        out = self.linear(mixed, f"{base}.attention.output.dense")
        x = self.node("Add", [out, x], f"{base}.sum")
        x = self.norm(x, f"{base}.attention.output.LayerNorm")
        wide = self.node("Gelu", [self.linear(x, f"{base}.intermediate.dense")], f"{base}.gelu")
        x = self.node("Add", [self.linear(wide, f"{base}.output.dense"), x], f"{base}.sum2")
        return self.norm(x, f"{base}.output.LayerNorm")

    def build(self):
        words = self.constant("words", self.weights["embeddings.word_embeddings.weight"])
        places = self.weights["embeddings.position_embeddings.weight"]
        places = places + self.weights["embeddings.token_type_embeddings.weight"][0]
        x = self.node("Gather", [words, "ids"], "embedded")
        length = self.node("Shape", ["ids"], "length", start=1, end=2)
        zero = self.constant("zero", numpy.array([0]))
        places = self.node("Slice", [self.constant("places", places), zero, length], "sliced")
        x = self.norm(self.node("Add", [x, places], "placed"), "embeddings.LayerNorm")
        for index in range(self.config["num_hidden_layers"]):
            x = self.layer(x, index)
        self.node("ReduceMean", [x, self.constant("positions", numpy.array([1]))], "mean", keepdims=0)
        graph = helper.make_graph(
            self.nodes,
            "bert",
            [helper.make_tensor_value_info("ids", TensorProto.INT64, ["texts", "tokens"])],
            [helper.make_tensor_value_info("mean", TensorProto.FLOAT, ["texts", self.config["hidden_size"]])],
            self.initializers,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)])
        model.ir_version = 9
        return model.SerializeToString()


def session(path, threads):
    config = json.loads((path.parent / "config.json").read_text())
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(Graph(path, config).build(), options, providers=["CPUExecutionProvider"])


def main():
    runtime = session(pathlib.Path(sys.argv[1]), int(sys.argv[2]))
    print("ready", flush=True)
    for line in sys.stdin:
        request, *numbers = line.split()
        if request != "embed":
            sys.exit(f"not understood: {line}")
        texts, tokens = (int(number) for number in numbers)
        ids = [[100 + (text * 31 + at) * 7919 % 28_000 for at in range(tokens)] for text in range(texts)]
        ids = numpy.array(ids, numpy.int64)
        started = time.perf_counter()
        runtime.run(None, {"ids": ids})
        print(time.perf_counter() - started, flush=True)


if __name__ == "__main__":
    main()
