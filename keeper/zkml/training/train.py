"""Trains the example classifiers on handwritten digits and writes them as ONNX files, with their data.

    python -m venv .venv-zkml && .venv-zkml/bin/pip install -r keeper/zkml/training/requirements.txt
    .venv-zkml/bin/python keeper/zkml/training/train.py

The data are the test part of "Optical Recognition of Handwritten Digits" (E. Alpaydin, C. Kaynak; UCI Machine Learning
Repository, CC BY 4.0), 1,797 images of 8 by 8 pixels from 0 to 16, as scikit-learn ships them. Four fifths train and
calibrate, the rest measure.
"""

import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits

from layers import Conv, Dense, Flatten, MaxPool, Relu, run, train

OUT = pathlib.Path(__file__).parent.parent / "models"
SEED = 7


def mlp(rng):
    return [Flatten(), Dense(rng, 64, 32), Relu(), Dense(rng, 32, 10)]


def cnn(rng):
    return [
        *(Conv(rng, 1, 8, 3, 1), Relu(), MaxPool()),
        *(Conv(rng, 8, 16, 3, 1), Relu(), MaxPool()),
        *(Flatten(), Dense(rng, 64, 32), Relu(), Dense(rng, 32, 10)),
    ]


def export(layers, name, size=8):
    """The layers as an ONNX graph that ends in a Softmax, as classifiers are usually exported."""
    nodes, weights, at = [], [], "image"
    for index, layer in enumerate(layers):
        kind = type(layer).__name__
        inputs, attributes = [at], {}
        if hasattr(layer, "weights"):
            for what in ("weights", "bias"):
                weights.append(numpy_helper.from_array(getattr(layer, what), f"{what}{index}"))
                inputs.append(f"{what}{index}")
        if kind == "Dense":
            kind, attributes = "Gemm", {"transB": 1}
        elif kind == "Conv":
            attributes = {"kernel_shape": [layer.size] * 2, "pads": [layer.padding] * 4}
        elif kind == "MaxPool":
            attributes = {"kernel_shape": [2, 2], "strides": [2, 2]}
        at = f"{kind.lower()}{index}"
        nodes.append(helper.make_node(kind, inputs, [at], name=at, **attributes))
    nodes.append(helper.make_node("Softmax", [at], ["shares"], name="softmax", axis=1))
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 1, size, size])],
        [helper.make_tensor_value_info("shares", TensorProto.FLOAT, ["batch", 10])],
        weights,
    )
    model = helper.make_model(graph, producer_name="opg", opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    (OUT / f"{name}.onnx").write_bytes(model.SerializeToString())


def write_idx(name, values, folder=OUT):
    """The format of MNIST: unsigned bytes, dimensions, values."""
    header = bytes([0, 0, 8, values.ndim]) + b"".join(n.to_bytes(4, "big") for n in values.shape)
    (folder / name).write_bytes(header + values.astype(np.uint8).tobytes())


def main():
    digits = load_digits()
    order = np.random.default_rng(SEED).permutation(len(digits.images))
    images, labels = digits.images[order], digits.target[order]
    split = len(images) * 4 // 5
    for part, chosen in (("train", slice(split)), ("test", slice(split, None))):
        write_idx(f"digits-{part}-images.idx", images[chosen])
        write_idx(f"digits-{part}-labels.idx", labels[chosen])
    inputs = (images / 16).astype(np.float32)[:, None]
    for name, build, epochs, shift in (("digits-mlp", mlp, 60, False), ("digits-cnn", cnn, 120, True)):
        rng = np.random.default_rng(SEED)
        layers = build(rng)
        train(layers, inputs[:split], labels[:split], rng, epochs, shift=shift)
        right = (run(layers, inputs[split:]).argmax(1) == labels[split:]).sum()
        print(f"{name}: {right} of {len(images) - split} right on the images kept back", file=sys.stderr)
        export(layers, name)


if __name__ == "__main__":
    main()
