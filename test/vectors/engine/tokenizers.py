#!/usr/bin/env python3
"""Token ids from llama.cpp for tokenizers of which no model is needed: writes tokenizers.json beside this file.

The vocabularies come with llama.cpp's source; `script/fetch-extra vocabularies` puts them into the cache. llama.py says how to
run this.
"""

import hashlib
import json
import os
import pathlib

from llama import SOURCE, Llama
from texts import TEXTS

HERE = pathlib.Path(__file__).resolve().parent
MODELS = pathlib.Path(os.environ.get("OPG_CACHE") or HERE.parents[2] / ".cache") / "models"
FILES = ("ggml-vocab-qwen2.gguf", "ggml-vocab-llama-spm.gguf", "gemma-3-270m-q4_k_m.gguf")


def main():
    tokenizers = []
    for name in FILES:
        path = MODELS / name
        llama = Llama(path, vocabulary=True)
        ids = [llama.tokenize(text) for text in TEXTS]
        tokenizers.append({"file": name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "ids": ids})
    vectors = {"source": f"{SOURCE}; made by tokenizers.py", "texts": TEXTS, "tokenizers": tokenizers}
    pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(vectors) + "\n")


if __name__ == "__main__":
    main()
