#!/usr/bin/env python3
"""Tokens per second of llama.cpp, to be held beside `make bench`: prints one JSON object.

    pip install --no-binary xllamacpp xllamacpp==2026.10.11549   # built from its source, llama.cpp included
    python keeper/engine/benches/llama_cpp.py MODEL.gguf THREADS
"""

import concurrent.futures
import json
import statistics
import sys
import time
import urllib.request

import xllamacpp

PROMPT, OUTPUT, BATCH, ROUNDS = 128, 128, 16, 5


def main():
    params = xllamacpp.CommonParams()
    params.model.path = sys.argv[1]
    params.n_ctx = BATCH * (PROMPT + OUTPUT + 16)
    params.n_parallel = BATCH
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = int(sys.argv[2])
    server = xllamacpp.Server(params)

    def complete(first):
        body = {
            "prompt": [100 + (first + at) * 7919 % 40_000 for at in range(PROMPT)],
            "n_predict": OUTPUT,
            "temperature": 0,
            "ignore_eos": True,
            "cache_prompt": False,
        }
        request = urllib.request.Request(
            server.listening_address + "/completion",
            json.dumps(body).encode(),
            {"content-type": "application/json"},
        )
        with urllib.request.urlopen(request) as response:
            return json.load(response)["timings"]

    complete(0)
    alone = [complete(round) for round in range(ROUNDS)]
    started = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(BATCH) as pool:
        together = list(pool.map(complete, range(BATCH)))
    wall = time.monotonic() - started
    # Prompts and answers overlap there, so the batch's rate is taken from the longest answer.
    longest = max(timing["predicted_ms"] for timing in together) / 1000
    with open("/proc/self/status", encoding="ascii") as status:
        resident = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
    print(
        json.dumps(
            {
                "prefill": statistics.median(timing["prompt_per_second"] for timing in alone),
                "decode": statistics.median(timing["predicted_per_second"] for timing in alone),
                "batch": sum(timing["predicted_n"] for timing in together) / longest,
                "batchWall": wall,
                "residentMiB": resident // 1024,
            }
        )
    )
    del server


if __name__ == "__main__":
    main()
