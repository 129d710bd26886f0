"""Writes what onnxruntime computes for small graphs in every supported form, and for the example classifiers:
keeper/zkml/tests/data/onnxruntime.json, which the importer and its float arithmetic are tested against.

    .venv-zkml/bin/python keeper/zkml/training/vectors.py
"""

import json
import pathlib

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

HERE = pathlib.Path(__file__).parent.parent
rng = np.random.default_rng(11)


def floats(*shape):
    return rng.normal(0, 0.5, shape).astype(np.float32)


def graph(shape, nodes, constants, kind=TensorProto.FLOAT, opset=17):
    """Nodes are (operator, inputs, attributes); each takes the last one's output where its inputs say "x"."""
    made, at = [], "x"
    for index, (operator, inputs, attributes) in enumerate(nodes):
        output = f"t{index}"
        if operator == "Constant":
            made.append(helper.make_node(operator, [], inputs, **attributes))
            continue
        names = [at if name == "x" else name for name in inputs]
        made.append(helper.make_node(operator, names, [output], **attributes))
        at = output
    weights = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    model = helper.make_model(
        helper.make_graph(
            made,
            "g",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", *shape])],
            [helper.make_tensor_value_info(at, kind, None)],
            weights,
        ),
        opset_imports=[helper.make_opsetid("", opset)],
    )
    model.ir_version = 8
    return model.SerializeToString()


def cases():
    image = (2, 6, 5)
    yield "gemm", (4,), graph((4,), [("Gemm", ["x", "w", "b"], {})], {"w": floats(4, 3), "b": floats(3)})
    yield "gemm, transposed and scaled", (4,), graph(
        (4,), [("Gemm", ["x", "w", "b"], {"transB": 1, "alpha": 0.5, "beta": -2.0})], {"w": floats(3, 4), "b": floats(1, 3)}
    )
    yield "gemm without bias", (4,), graph((4,), [("Gemm", ["x", "w"], {})], {"w": floats(4, 3)})
    yield "matmul and add", (4,), graph(
        (4,), [("MatMul", ["x", "w"], {}), ("Add", ["b", "x"], {})], {"w": floats(4, 3), "b": floats(3)}
    )
    yield "conv", image, graph(image, [("Conv", ["x", "w", "b"], {})], {"w": floats(3, 2, 3, 2), "b": floats(3)})
    yield "conv with pads and strides", image, graph(
        image, [("Conv", ["x", "w"], {"pads": [1, 0, 2, 1], "strides": [2, 1]})], {"w": floats(3, 2, 3, 2)}
    )
    yield "conv and add", image, graph(
        image, [("Conv", ["x", "w"], {}), ("Add", ["x", "b"], {})], {"w": floats(3, 2, 3, 2), "b": floats(1, 3, 1, 1)}
    )
    yield "relu and max-pool", image, graph(
        image, [("Relu", ["x"], {}), ("MaxPool", ["x"], {"kernel_shape": [2, 3], "strides": [2, 1]})], {}
    )
    yield "average-pool", image, graph(image, [("AveragePool", ["x"], {"kernel_shape": [3, 2], "strides": [1, 2]})], {})
    yield "global average-pool", image, graph(
        image, [("GlobalAveragePool", ["x"], {}), ("Flatten", ["x"], {})], {}
    )
    yield "flatten and gemm", image, graph(
        image, [("Flatten", ["x"], {}), ("Gemm", ["x", "w"], {})], {"w": floats(60, 4)}
    )
    yield "reshapes", (60,), graph(
        (60,),
        [
            ("Constant", ["s"], {"value": numpy_helper.from_array(np.array([-1, 2, 6, 5]), "v")}),
            ("Reshape", ["x", "s"], {}),
            ("Conv", ["x", "w"], {}),
            ("Reshape", ["x", "flat"], {}),
            ("Gemm", ["x", "m"], {}),
        ],
        {"w": floats(3, 2, 3, 2), "flat": np.array([0, -1]), "m": floats(48, 2)},
    )
    yield "argmax", (4,), graph(
        (4,), [("Gemm", ["x", "w"], {}), ("ArgMax", ["x"], {"axis": 1, "keepdims": 0})], {"w": floats(4, 5)}, TensorProto.INT64
    )
    yield "identity and dropout", (4,), graph(
        (4,), [("Identity", ["x"], {}), ("Gemm", ["x", "w"], {}), ("Dropout", ["x"], {})], {"w": floats(4, 3)}
    )


def without_softmax(path):
    model = onnx.load(path)
    last = model.graph.node.pop()
    assert last.op_type == "Softmax"
    model.graph.output[0].name = last.input[0]
    return model.SerializeToString()


def outputs(model, inputs):
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return [session.run(None, {name: x[None]})[0].reshape(-1).tolist() for x in inputs]


def main():
    forms = []
    for name, shape, model in cases():
        inputs = [floats(*shape) for _ in range(2)]
        flat = [x.reshape(-1).tolist() for x in inputs]
        forms.append({"name": name, "model": model.hex(), "inputs": flat, "outputs": outputs(model, inputs)})
    images = (HERE / "models/digits-test-images.idx").read_bytes()[16:]
    inputs = [(np.frombuffer(images[64 * n : 64 * n + 64], np.uint8) / 16).astype(np.float32).reshape(1, 8, 8) for n in range(8)]
    files = []
    for name in ("digits-mlp", "digits-cnn"):
        model = without_softmax(HERE / f"models/{name}.onnx")
        files.append({"name": name, "outputs": outputs(model, inputs)})
    text = json.dumps({"runtime": f"onnxruntime {onnxruntime.__version__}", "forms": forms, "files": files})
    (HERE / "tests/data/onnxruntime.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
