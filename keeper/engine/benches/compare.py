#!/usr/bin/env python3
"""Measures this engine beside bare candle, llama.cpp and onnxruntime, and prints one table.

    compare.py CONTESTANT MODELS PYTHON [--quick]

CONTESTANT is the program of examples/contestant, MODELS the folder that `make models` fills, PYTHON one in which
`script/setup.sh llama` has installed the other engines. Each engine is a process that waits; they are asked in turn,
round by round, so that what else the machine does hits all of them, and ratios are taken within a round.
"""

import os
import pathlib
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
THREADS = (1, 2)
CHATS = (
    ("SmolLM2-135M Q4_1", "smollm2-135m-instruct-q4_1.gguf", "make models"),
    ("Gemma-3-270M Q4_K_M", "gemma-3-270m-q4_k_m.gguf", "script/fetch-extra gemma"),
)
ENCODER = ("MiniLM-L6", "all-minilm-l6-v2/model.safetensors", "make models")
# Goals of ours against the peer: what, request, tokens that it is about, goal.
GENERATING = (
    ("prefill 128", "prefill 128", 128, 1.0),
    ("decode 128", "decode {steps}", "steps", 0.9),
    ("decode, batch 16", "batch 16 {few}", "few16", 1.0),
)
EMBEDDING = (("8 × 64", "embed 8 64", 8 * 64, 0.9), ("32 × 32", "embed 32 32", 32 * 32, 0.9))
MEMORY_GOAL = 1.5
CHECK_GOAL = 0.25
# Seconds before each request. Threads of onnxruntime, and of OpenMP, go on spinning for a while after their work in the hope of
# more; without a pause it is the next engine that pays for them.
PAUSE = 0.2


class Gone(Exception):
    """An engine that cannot do what was asked."""


class Engine:
    """A process that answers requests."""

    def __init__(self, name, command, threads):
        self.name = name
        environment = dict(os.environ, OMP_NUM_THREADS=str(threads), RAYON_NUM_THREADS=str(threads))
        if name == "ours":
            # As the keeper starts its worker: see MMAP_THRESHOLD in src/process/child.rs.
            environment["MALLOC_MMAP_THRESHOLD_"] = "1048576"
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        self.read()

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise Gone(self.name)
        return line.split()

    def ask(self, request):
        time.sleep(PAUSE)
        try:
            self.process.stdin.write(request + "\n")
            self.process.stdin.flush()
        except BrokenPipeError as error:
            raise Gone(self.name) from error
        answer = self.read()
        return [float(word) for word in answer]

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


def start(engines, threads):
    """The engines that there are; says which are not and how to get them."""
    running = []
    for name, command, remedy in engines:
        try:
            running.append(Engine(name, [*command, str(threads)], threads))
        except (Gone, OSError):
            print(f"skipped: {name} is not there or cannot run this model; {remedy}", file=sys.stderr)
    return running


def measure(running, request, rounds):
    """Seconds by engine and round; the order changes with each round."""
    seconds = {engine.name: [] for engine in running}
    for turn in range(-1, rounds):
        shift = turn % len(running)
        for engine in running[shift:] + running[:shift]:
            # candle is many times slower and no goal hangs on it: it takes part in a few rounds, and not in batches,
            # whose prompts alone would take it minutes.
            if engine.name == "candle" and (turn % 4 or request.startswith("batch")):
                continue
            try:
                answer = engine.ask(request)[0]
            except Gone:
                continue
            # The first round warms up.
            if turn >= 0:
                seconds[engine.name].append(answer)
    return {name: times for name, times in seconds.items() if times}


def row(model, threads, what, seconds, tokens, peer, goal):
    ours = seconds.get("ours")
    if not ours:
        return
    cells = []
    for name in ("ours", "candle", peer):
        times = seconds.get(name)
        cells.append(f"{tokens / statistics.median(times):.0f}" if times else "absent")
    times = seconds.get(peer)
    verdict = ""
    if times:
        ratio = statistics.median(theirs / mine for mine, theirs in zip(ours, times))
        verdict = f"{ratio:.2f} | ≥ {goal} {'met' if ratio >= goal else 'MISSED'}"
    else:
        verdict = f"| ≥ {goal} not measured"
    print(f"| {model} | {threads} | {what} | {' | '.join(cells)} | {verdict} |", flush=True)


def memory(model, threads, running, file, peer):
    ratios = {}
    for engine in running:
        try:
            ratios[engine.name] = engine.ask("memory")[0] / file.stat().st_size
        except Gone:
            continue
    cells = [f"{ratios[name]:.2f}" if name in ratios else "absent" for name in ("ours", "candle", peer)]
    met = "met" if ratios.get("ours", 99) <= MEMORY_GOAL else "MISSED"
    print(f"| {model} | {threads} | memory / file | {' | '.join(cells)} | | ≤ {MEMORY_GOAL} {met} |", flush=True)


def generate(contestant, models, python, quick):
    steps, few, rounds = (16, 4, 2) if quick else (128, 32, 7)
    for model, path, remedy in CHATS:
        file = models / path
        if not file.is_file():
            print(f"skipped: {model} is not in {models}; {remedy}", file=sys.stderr)
            continue
        for threads in THREADS:
            engines = [
                ("ours", [contestant, "ours", file], "see the error above"),
                ("candle", [contestant, "candle", file], "see the error above"),
                ("llama.cpp", [python, HERE / "llama_peer.py", file], "run script/setup.sh llama"),
            ]
            running = start(engines, threads)
            tokens = {128: 128, "steps": steps, "few16": 16 * few}
            for what, request, about, goal in GENERATING:
                seconds = measure(running, request.format(steps=steps, few=few), rounds)
                row(model, threads, what, seconds, tokens[about], "llama.cpp", goal)
            memory(model, threads, running, file, "llama.cpp")
            check(model, threads, running[0], steps, rounds)
            for engine in running:
                engine.stop()


def check(model, threads, ours, steps, rounds):
    """What checking an answer costs, in processor time."""
    try:
        answers = [ours.ask(f"check {steps}") for _ in range(rounds)]
    except Gone:
        print(f"skipped: {model} ended its answer before {steps} tokens, so checking it is not measured", file=sys.stderr)
        return
    share = statistics.median(checked / made for made, checked in answers)
    met = "met" if share <= CHECK_GOAL else "MISSED"
    print(f"| {model} | {threads} | check / generate | {share:.3f} | | | | ≤ {CHECK_GOAL} {met} |", flush=True)


def embed(contestant, models, python, quick):
    model, path, remedy = ENCODER
    file = models / path
    if not file.is_file():
        print(f"skipped: {model} is not in {models}; {remedy}", file=sys.stderr)
        return
    for threads in THREADS:
        engines = [
            ("ours", [contestant, "ours", file], "see the error above"),
            ("candle", [contestant, "candle", file], "see the error above"),
            ("onnxruntime", [python, HERE / "onnx_peer.py", file], "run script/setup.sh llama"),
        ]
        running = start(engines, threads)
        for what, request, tokens, goal in EMBEDDING:
            seconds = measure(running, request, 2 if quick else 11)
            row(model, threads, what, seconds, tokens, "onnxruntime", goal)
        for engine in running:
            engine.stop()


def main():
    contestant, models, python = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
    quick = "--quick" in sys.argv[4:]
    print("| model | threads | what | ours, tokens/s | candle | peer | ours / peer | goal |")
    print("|---|---:|---|---:|---:|---:|---:|---|", flush=True)
    generate(contestant, models, python, quick)
    embed(contestant, models, python, quick)


if __name__ == "__main__":
    main()
