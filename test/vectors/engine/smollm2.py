#!/usr/bin/env python3
"""Reference vectors for SmolLM2 from llama.cpp, an independent implementation.

Writes smollm2.json beside this file: token ids of difficult texts, and greedy answers to chats with, for each
token, the gap in log-probability between the first and the second choice. llama.cpp rounds activations to
8 bits in its own way, so an engine may differ from it where that gap is close to zero, and only there.

    pip install xllamacpp==2026.10.11549
    make models
    python test/vectors/engine/smollm2.py .cache/models/smollm2-135m-instruct-q4_1.gguf
"""

import json
import pathlib
import sys
import urllib.request
from importlib.metadata import version

import xllamacpp

from texts import TEXTS

EOS = 2
TOKENS = 40

ASK = [
    "What is the capital of France?",
    "Write a haiku about the sea.",
    "Explain in one paragraph why the sky is blue.",
    "Give me a Python function that reverses a string.",
    "List five fruits and their colours.",
    "What is 17 plus 25? Explain step by step.",
    "Tell me a short story about a dragon who is afraid of fire.",
    "Translate 'good morning' into Spanish, German and Italian.",
    "Was ist der Unterschied zwischen Bitcoin und Ethereum?",
]

CHATS = [[{"role": "user", "content": question}] for question in ASK] + [
    [
        {"role": "system", "content": "You are a pirate. Answer as one."},
        {"role": "user", "content": "Who are you?"},
        {"role": "assistant", "content": "Arr, I be Captain Redbeard!"},
        {"role": "user", "content": "Where do you sail, and with whom?"},
    ],
]


class Reference:
    def __init__(self, path):
        params = xllamacpp.CommonParams()
        params.model.path = path
        params.n_ctx = 2048
        params.n_parallel = 1
        params.cpuparams.n_threads = 1
        params.cache_type_k = params.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
        params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
        self.server = xllamacpp.Server(params)

    def post(self, path, body):
        request = urllib.request.Request(
            self.server.listening_address + path,
            json.dumps(body).encode(),
            {"content-type": "application/json"},
        )
        with urllib.request.urlopen(request) as response:
            return json.load(response)

    def tokenize(self, text, special):
        body = {"content": text, "parse_special": special, "add_special": False}
        return self.post("/tokenize", body)["tokens"]

    def chat(self, messages):
        prompt = self.tokenize(self.post("/apply-template", {"messages": messages})["prompt"], True)
        body = {
            "prompt": prompt,
            "n_predict": TOKENS,
            "temperature": 0,
            "samplers": ["temperature"],
            "n_probs": 2,
            "cache_prompt": False,
            "return_tokens": True,
        }
        answer = self.post("/completion", body)
        steps = answer["completion_probabilities"]
        tokens = [step["id"] for step in steps]
        gaps = []
        for step in steps:
            first, second = (choice["logprob"] for choice in step["top_logprobs"])
            gaps.append(round(first - second, 4))
        ended = answer["stop_type"] == "eos"
        assert ended == (tokens[-1] == EOS) or len(tokens) < TOKENS, (answer["stop_type"], tokens)
        return {
            "messages": messages,
            "prompt": prompt,
            "tokens": tokens,
            "gaps": gaps,
            "text": answer["content"],
            "ended": ended,
        }


def main():
    reference = Reference(sys.argv[1])
    vectors = {
        "source": f"llama.cpp through xllamacpp {version('xllamacpp')}; made by smollm2.py",
        "model": "SmolLM2-135M-Instruct Q4_1 GGUF, sha256 "
        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        "texts": [{"text": text, "ids": reference.tokenize(text, False)} for text in TEXTS[:30]],
        "chats": [reference.chat(messages) for messages in CHATS],
    }
    lines = json.dumps(vectors, ensure_ascii=True, indent=1)
    pathlib.Path(__file__).with_suffix(".json").write_text(lines + "\n")
    del reference.server


if __name__ == "__main__":
    main()
