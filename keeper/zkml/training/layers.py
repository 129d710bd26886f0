"""Layers with gradients, in numpy: enough to train a small classifier. Tensors are (batch, channels, rows, columns)."""

import numpy as np


class Dense:
    def __init__(self, rng, inputs, outputs):
        self.weights = rng.normal(0, np.sqrt(2 / inputs), (outputs, inputs)).astype(np.float32)
        self.bias = np.zeros(outputs, np.float32)

    def forward(self, x):
        self.x = x
        return x @ self.weights.T + self.bias

    def backward(self, gradient):
        self.gradients = [gradient.T @ self.x, gradient.sum(0)]
        return gradient @ self.weights


class Conv:
    """Square kernels, steps of 1, zero padding on every side."""

    def __init__(self, rng, channels, filters, size, padding):
        scale = np.sqrt(2 / (channels * size * size))
        self.weights = rng.normal(0, scale, (filters, channels, size, size)).astype(np.float32)
        self.bias = np.zeros(filters, np.float32)
        self.size, self.padding = size, padding

    def forward(self, x):
        pad = self.padding
        self.x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
        windows = np.lib.stride_tricks.sliding_window_view(self.x, (self.size, self.size), (2, 3))
        self.rows, self.columns = windows.shape[2:4]
        # (batch, rows, columns, taps)
        self.taps = windows.transpose(0, 2, 3, 1, 4, 5).reshape(*windows.shape[:1], self.rows, self.columns, -1)
        out = self.taps @ self.weights.reshape(len(self.weights), -1).T + self.bias
        return out.transpose(0, 3, 1, 2)

    def backward(self, gradient):
        flat = gradient.transpose(0, 2, 3, 1)
        by_filter = flat.reshape(-1, flat.shape[-1])
        weights = by_filter.T @ self.taps.reshape(-1, self.taps.shape[-1])
        self.gradients = [weights.reshape(self.weights.shape), by_filter.sum(0)]
        out = np.zeros_like(self.x)
        for row in range(self.size):
            for column in range(self.size):
                part = flat @ self.weights[:, :, row, column]
                out[:, :, row : row + self.rows, column : column + self.columns] += part.transpose(0, 3, 1, 2)
        pad = self.padding
        return out[:, :, pad : out.shape[2] - pad, pad : out.shape[3] - pad]


class Relu:
    def forward(self, x):
        self.positive = x > 0
        return x * self.positive

    def backward(self, gradient):
        return gradient * self.positive


class MaxPool:
    """Windows of 2 by 2 that do not overlap."""

    def forward(self, x):
        batch, channels, rows, columns = x.shape
        windows = x.reshape(batch, channels, rows // 2, 2, columns // 2, 2).transpose(0, 1, 2, 4, 3, 5)
        windows = windows.reshape(batch, channels, rows // 2, columns // 2, 4)
        self.chosen, self.shape = windows.argmax(-1), x.shape
        return windows.max(-1)

    def backward(self, gradient):
        batch, channels, rows, columns = self.shape
        out = np.zeros((*gradient.shape, 4), np.float32)
        np.put_along_axis(out, self.chosen[..., None], gradient[..., None], -1)
        out = out.reshape(batch, channels, rows // 2, columns // 2, 2, 2).transpose(0, 1, 2, 4, 3, 5)
        return out.reshape(self.shape)


class Flatten:
    def forward(self, x):
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, gradient):
        return gradient.reshape(self.shape)


def run(layers, x):
    for layer in layers:
        x = layer.forward(x)
    return x


def shifted(images, rng):
    """Each image up to one pixel off in both directions, as nobody writes in the very middle."""
    rows, columns = images.shape[2:]
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    corners = rng.integers(0, 3, (len(images), 2))
    return np.stack([image[:, y : y + rows, x : x + columns] for image, (y, x) in zip(padded, corners)])


def train(layers, images, labels, rng, epochs, batch=32, rate=2e-3, decay=1e-4, shift=False):
    """Adam on the cross-entropy, with a rate that falls to zero along a cosine."""
    trained = [layer for layer in layers if hasattr(layer, "weights")]
    moments = [[np.zeros_like(p), np.zeros_like(p)] for layer in trained for p in (layer.weights, layer.bias)]
    steps = epochs * (len(images) // batch)
    step = 0
    for _ in range(epochs):
        order = rng.permutation(len(images))
        for start in range(0, len(images) - batch + 1, batch):
            chosen = order[start : start + batch]
            inputs = shifted(images[chosen], rng) if shift else images[chosen]
            scores = run(layers, inputs)
            shares = np.exp(scores - scores.max(1, keepdims=True))
            shares /= shares.sum(1, keepdims=True)
            shares[np.arange(batch), labels[chosen]] -= 1
            gradient = (shares / batch).astype(np.float32)
            for layer in reversed(layers):
                gradient = layer.backward(gradient)
            step += 1
            now = rate * 0.5 * (1 + np.cos(np.pi * step / steps))
            parameters = [p for layer in trained for p in (layer.weights, layer.bias)]
            gradients = [g for layer in trained for g in layer.gradients]
            for parameter, slope, moment in zip(parameters, gradients, moments):
                slope = slope + decay * parameter
                moment[0] += 0.1 * (slope - moment[0])
                moment[1] += 0.001 * (slope * slope - moment[1])
                first, second = moment[0] / (1 - 0.9**step), moment[1] / (1 - 0.999**step)
                parameter -= (now * first / (np.sqrt(second) + 1e-8)).astype(np.float32)
