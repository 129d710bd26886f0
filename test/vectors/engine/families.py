#!/usr/bin/env python3
"""Reference vectors for the families of language models from llama.cpp: writes families.json beside this file.

Each family gets a small model whose weights follow from a formula, in 32-bit floating point, so that nothing is rounded on the
way and an engine that computes the same function must agree closely. keeper/engine/tests/it/tiny.rs builds the same files;
their sha256 says that they are the same. llama.py says how to run this.
"""

import hashlib
import json
import pathlib
import struct
import tempfile

import numpy

from llama import SOURCE, Llama

EMBED, FFN, HEADS, KV_HEADS, HEAD, CONTEXT, WINDOW = 32, 64, 4, 2, 12, 256, 20
POSITIONS = 90
SHOWN = 24
FAMILIES = ("llama", "qwen2", "qwen3", "gemma3")


def symbols():
    printable = [byte for byte in range(256) if 0x21 <= byte <= 0x7E or 0xA1 <= byte <= 0xAC or 0xAE <= byte]
    codes = printable + list(range(0x100, 0x100 + 256 - len(printable)))
    return [chr(code) for code in codes]


def text(value):
    raw = value.encode()
    return struct.pack("<Q", len(raw)) + raw


def meta(key, value):
    if isinstance(value, str):
        return text(key) + struct.pack("<I", 8) + text(value)
    if isinstance(value, float):
        return text(key) + struct.pack("<If", 6, value)
    if isinstance(value, int):
        return text(key) + struct.pack("<II", 4, value)
    if isinstance(value[0], str):
        return text(key) + struct.pack("<IIQ", 9, 8, len(value)) + b"".join(text(item) for item in value)
    return text(key) + struct.pack("<IIQ", 9, 5, len(value)) + struct.pack(f"<{len(value)}i", *value)


def model(family):
    tokens = ["<|end|>", "<|im_start|>", "<|im_end|>", *symbols(), "he", "ll"]
    kinds = [3] * 3 + [1] * (len(tokens) - 3)
    # Of Gemma's layers every sixth sees everything.
    layers = 7 if family == "gemma3" else 2
    head = EMBED // HEADS if family in ("llama", "qwen2") else HEAD
    metadata = [
        ("general.architecture", family),
        (f"{family}.block_count", layers),
        (f"{family}.context_length", CONTEXT),
        (f"{family}.embedding_length", EMBED),
        (f"{family}.feed_forward_length", FFN),
        (f"{family}.attention.head_count", HEADS),
        (f"{family}.attention.head_count_kv", KV_HEADS),
        (f"{family}.attention.layer_norm_rms_epsilon", 1e-5),
        (f"{family}.attention.key_length", head),
        (f"{family}.attention.value_length", head),
    ]
    if family == "gemma3":
        metadata.append((f"{family}.attention.sliding_window", WINDOW))
    metadata += [
        ("tokenizer.ggml.model", "gpt2"),
        ("tokenizer.ggml.pre", "smollm"),
        ("tokenizer.ggml.tokens", tokens),
        ("tokenizer.ggml.token_type", kinds),
        ("tokenizer.ggml.merges", ["h e", "l l"]),
        ("tokenizer.ggml.eos_token_id", 2),
    ]
    tensors = [("token_embd.weight", (EMBED, len(tokens))), ("output_norm.weight", (EMBED,))]
    for layer in range(layers):
        parts = [
            ("attn_norm.weight", (EMBED,)),
            ("ffn_norm.weight", (EMBED,)),
            ("attn_q.weight", (EMBED, HEADS * head)),
            ("attn_k.weight", (EMBED, KV_HEADS * head)),
            ("attn_v.weight", (EMBED, KV_HEADS * head)),
            ("attn_output.weight", (HEADS * head, EMBED)),
            ("ffn_gate.weight", (EMBED, FFN)),
            ("ffn_up.weight", (EMBED, FFN)),
            ("ffn_down.weight", (FFN, EMBED)),
        ]
        if family == "qwen2":
            parts += [
                ("attn_q.bias", (HEADS * head,)),
                ("attn_k.bias", (KV_HEADS * head,)),
                ("attn_v.bias", (KV_HEADS * head,)),
            ]
        if family in ("qwen3", "gemma3"):
            parts += [("attn_q_norm.weight", (head,)), ("attn_k_norm.weight", (head,))]
        if family == "gemma3":
            parts += [("post_attention_norm.weight", (EMBED,)), ("post_ffw_norm.weight", (EMBED,))]
        tensors += [(f"blk.{layer}.{name}", shape) for name, shape in parts]
    out = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata))
    out += b"".join(meta(key, value) for key, value in metadata)
    offset = 0
    for name, shape in tensors:
        out += text(name) + struct.pack("<I", len(shape)) + struct.pack(f"<{len(shape)}Q", *shape)
        out += struct.pack("<IQ", 0, offset)
        offset += -(-int(numpy.prod(shape)) * 4 // 32) * 32
    out += bytes(-len(out) % 32)
    at = numpy.arange(offset // 4, dtype=numpy.uint64)
    numbers = ((at * numpy.uint64(2_654_435_761)) >> numpy.uint64(7)) % numpy.uint64(1000)
    return out + (numbers.astype(numpy.float32) / numpy.float32(1000) - numpy.float32(0.5)).tobytes()


def main():
    ids = [(at * 7919 + at * at) % 258 + 3 for at in range(POSITIONS)]
    families = []
    for family in FAMILIES:
        data = model(family)
        with tempfile.NamedTemporaryFile(suffix=".gguf") as file:
            file.write(data)
            file.flush()
            rows = Llama(file.name, context=CONTEXT).logits(ids)
        families.append(
            {
                "family": family,
                "sha256": hashlib.sha256(data).hexdigest(),
                "picks": [int(row.argmax()) for row in rows],
                "logits": [[float(f"{value:.6g}") for value in row[:SHOWN]] for row in rows[::8]],
            }
        )
    vectors = {"source": f"{SOURCE}; made by families.py", "ids": ids, "every": 8, "families": families}
    pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(vectors) + "\n")


if __name__ == "__main__":
    main()
