#!/usr/bin/env python3
"""Reference vectors for Gemma 3 from llama.cpp: writes gemma3.json beside this file.

Greedy answers to texts of varied length, the longest beyond the window of most layers, with for each token by how much it leads
the second choice. llama.cpp rounds activations to 8 bits in its own way, so an engine may differ where that is close to zero,
and only there. `script/fetch-extra gemma` brings the model; llama.py says how to run this.
"""

import hashlib
import json
import os
import pathlib

from llama import SOURCE, Llama

HERE = pathlib.Path(__file__).resolve().parent
MODELS = pathlib.Path(os.environ.get("OPG_CACHE") or HERE.parents[2] / ".cache") / "models"
FILE = "gemma-3-270m-q4_k_m.gguf"
TOKENS = 24
STORY = (
    "The old lighthouse keeper climbed the stairs every evening at dusk. He counted each step aloud, as his father had, "
    "and the gulls answered. When the storm of 1904 came, he wrote in his book that the sea had forgotten its own name. "
)
TEXTS = [
    "The capital of France is",
    "Once upon a time",
    "Water boils at",
    "def fibonacci(n):\n",
    "1, 2, 3, 4,",
    "The chemical symbol for gold is",
    "In 1969, the first humans",
    "Der schnelle braune Fuchs",
    "La capitale de l'Italie est",
    "日本の首都は",
    "E = mc",
    "Shakespeare wrote",
    "The three primary colours are",
    "A good recipe for bread needs flour,",
    "if (x > 0) {\n    return",
    "Dear Sir or Madam,\n\n",
    "Q: What is 12 times 12?\nA:",
    "The Pacific Ocean is the largest",
    "To be, or not to be,",
    STORY,
    STORY * 4,
    STORY * 14,
]


def main():
    path = MODELS / FILE
    llama = Llama(path, context=2048)
    answers = []
    for text in TEXTS:
        prompt = llama.tokenize(text, begin=True)
        tokens, gaps = llama.greedy(prompt, TOKENS)
        answers.append({"text": text, "prompt": prompt, "tokens": tokens, "gaps": gaps})
    assert max(len(answer["prompt"]) for answer in answers) > 512 + TOKENS
    vectors = {
        "source": f"{SOURCE}; made by gemma3.py",
        "file": FILE,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "answers": answers,
    }
    pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(vectors) + "\n")


if __name__ == "__main__":
    main()
