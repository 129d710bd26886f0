#!/usr/bin/env python3
"""Reference vectors for all-MiniLM-L6-v2: a plain numpy forward pass in double precision over token ids from
the pure Python WordPiece tokenizer of `transformers`, both independent of the engine's libraries.

Writes minilm.json beside this file: per text the token ids and every component of the unit vector.

    pip install numpy==2.4.6 safetensors==0.8.0 "transformers==4.57.6"
    make models
    python test/vectors/engine/minilm.py .cache/models/all-minilm-l6-v2
"""

import json
import math
import pathlib
import sys
import tempfile

import numpy as np
from safetensors.numpy import load_file
from transformers import BertTokenizer

HEADS = 12
EPSILON = 1e-12

TEXTS = [
    "A man is eating food.",
    "Someone is having a meal.",
    "The stock market fell sharply today.",
    "x",
    "Ærøskøbing naïve café STRASSE Straße",
    "日本語 and 中文 mixed with English",
    "unbelievablyantidisestablishmentarianism 12345.678",
    "[CLS] not a control token [SEP] nor this [MASK]",
    "tabs\tand\nnewlines  and   spaces",
    "😀 emoji and \u200b zero width",
    "What is the capital of France? " * 12,
]


def tokenizer(folder):
    vocabulary = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"]
    with tempfile.NamedTemporaryFile("w", suffix=".txt", delete=False) as file:
        file.write("\n".join(sorted(vocabulary, key=vocabulary.get)) + "\n")
    return BertTokenizer(file.name, do_lower_case=True)


def encode(words, text):
    # Text only: what looks like a control token is split into words and punctuation like the rest.
    pieces = []
    for word in words.basic_tokenizer.tokenize(text, never_split=[]):
        pieces += words.wordpiece_tokenizer.tokenize(word)
    return [words.cls_token_id, *words.convert_tokens_to_ids(pieces), words.sep_token_id]


def norm(x, weights, name):
    mean = x.mean(-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(-1, keepdims=True)
    return (x - mean) / np.sqrt(variance + EPSILON) * weights[name + ".weight"] + weights[name + ".bias"]


def linear(x, weights, name):
    return x @ weights[name + ".weight"].T + weights[name + ".bias"]


def embed(weights, ids):
    x = (
        weights["embeddings.word_embeddings.weight"][ids]
        + weights["embeddings.position_embeddings.weight"][: len(ids)]
        + weights["embeddings.token_type_embeddings.weight"][0]
    )
    x = norm(x, weights, "embeddings.LayerNorm")
    layers = 1 + max(int(name.split(".")[2]) for name in weights if name.startswith("encoder.layer."))
    for layer in range(layers):
        at = f"encoder.layer.{layer}."
        q, k, v = (
            linear(x, weights, f"{at}attention.self.{part}").reshape(len(ids), HEADS, -1).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        scores = q @ k.transpose(0, 2, 1) / math.sqrt(q.shape[-1])
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        attended = (scores / scores.sum(-1, keepdims=True)) @ v
        attended = attended.transpose(1, 0, 2).reshape(len(ids), -1)
        x = norm(x + linear(attended, weights, at + "attention.output.dense"), weights, at + "attention.output.LayerNorm")
        inner = linear(x, weights, at + "intermediate.dense")
        inner = 0.5 * inner * (1 + np.vectorize(math.erf)(inner / math.sqrt(2)))
        x = norm(x + linear(inner, weights, at + "output.dense"), weights, at + "output.LayerNorm")
    mean = x.mean(0)
    return mean / np.linalg.norm(mean)


def main():
    folder = pathlib.Path(sys.argv[1])
    words = tokenizer(folder)
    weights = {name: tensor.astype(np.float64) for name, tensor in load_file(folder / "model.safetensors").items() if tensor.dtype.kind == "f"}
    texts = []
    for text in TEXTS:
        ids = encode(words, text)
        texts.append({"text": text, "ids": ids, "vector": [round(float(x), 7) for x in embed(weights, ids)]})
    vectors = {
        "source": "numpy in double precision and transformers' BertTokenizer; made by minilm.py",
        "model": "all-MiniLM-L6-v2 safetensors, sha256 53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        "texts": texts,
    }
    rows = json.dumps(vectors, ensure_ascii=True).replace('{"text"', '\n{"text"')
    pathlib.Path(__file__).with_suffix(".json").write_text(rows + "\n")


if __name__ == "__main__":
    main()
