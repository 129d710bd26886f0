#!/usr/bin/env python3
"""llama.cpp in the comparison that `make bench-engine` prints: the counterpart of examples/contestant.

    llama_peer.py MODEL.gguf THREADS

Reads requests from standard input, a line each, and answers with seconds. `script/setup.sh llama` installs what it needs.
"""

import ctypes
import os
import sys
import time

import llama_cpp
import numpy

PROMPT = 128
SEQUENCES = 16


def resident():
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) * 1024


def prompt(sequence, tokens):
    return [100 + (sequence * 31 + at) * 7919 % 28_000 for at in range(tokens)]


class Contestant:
    def __init__(self, path, threads):
        llama_cpp.llama_log_set(QUIET, ctypes.c_void_p(0))
        llama_cpp.llama_backend_init()
        self.model = llama_cpp.llama_model_load_from_file(path.encode(), llama_cpp.llama_model_default_params())
        if not self.model:
            raise SystemExit(f"llama.cpp cannot load {path}")
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = SEQUENCES * 512
        params.n_batch = SEQUENCES * PROMPT
        params.n_seq_max = SEQUENCES
        params.n_threads = params.n_threads_batch = threads
        self.context = llama_cpp.llama_init_from_model(self.model, params)
        self.vocabulary = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(self.model))
        self.batch = llama_cpp.llama_batch_init(SEQUENCES * PROMPT, 0, 1)

    def forward(self, rows):
        """Rows of (token, position, sequence, whether its logits are wanted); returns the likeliest of each wanted."""
        batch = self.batch
        batch.n_tokens = len(rows)
        wanted = []
        for at, (token, position, sequence, logits) in enumerate(rows):
            batch.token[at] = token
            batch.pos[at] = position
            batch.n_seq_id[at] = 1
            batch.seq_id[at][0] = sequence
            batch.logits[at] = logits
            if logits:
                wanted.append(at)
        if llama_cpp.llama_decode(self.context, batch) != 0:
            raise SystemExit("llama.cpp cannot decode")
        best = []
        for at in wanted:
            logits = llama_cpp.llama_get_logits_ith(self.context, at)
            best.append(int(numpy.ctypeslib.as_array(logits, (self.vocabulary,)).argmax()))
        return best

    def read(self, sequences, tokens):
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self.context), True)
        rows = []
        for sequence in range(sequences):
            for at, token in enumerate(prompt(sequence, tokens)):
                rows.append((token, at, sequence, at + 1 == tokens))
        started = time.perf_counter()
        last = self.forward(rows)
        return last, time.perf_counter() - started

    def decode(self, sequences, tokens):
        last, _ = self.read(sequences, PROMPT)
        started = time.perf_counter()
        for at in range(tokens):
            last = self.forward([(token, PROMPT + at, sequence, True) for sequence, token in enumerate(last)])
        return time.perf_counter() - started


@llama_cpp.llama_log_callback
def QUIET(_level, _text, _data):
    pass


def main():
    before = resident()
    contestant = Contestant(sys.argv[1], int(sys.argv[2]))
    print("ready", flush=True)
    for line in sys.stdin:
        request, *numbers = line.split()
        numbers = [int(number) for number in numbers]
        if request == "prefill":
            answer = contestant.read(1, *numbers)[1]
        elif request == "decode":
            answer = contestant.decode(1, *numbers)
        elif request == "batch":
            answer = contestant.decode(*numbers)
        elif request == "memory":
            answer = resident() - before
        else:
            sys.exit(f"not understood: {line}")
        print(answer, flush=True)
    os._exit(0)  # the library's own clean-up is no part of the measurement


if __name__ == "__main__":
    main()
