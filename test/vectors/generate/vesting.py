"""Writes test/vectors/vesting.json, which Rust and Solidity check themselves against.

Independent of the code that it checks: ABI encoding by eth-abi, keccak by eth-utils, vesting in exact fractions.
Deterministic. Run from the root of the repository, as generate.py beside it:

    .cache/vectors/bin/python test/vectors/generate/vesting.py
"""

import json
import random
from fractions import Fraction
from math import floor
from pathlib import Path

from eth_abi import encode
from eth_utils import keccak, to_checksum_address

HERE = Path(__file__).resolve().parent.parent
RANDOM = random.Random("OPG vesting vectors 1")
MONTH = 2_629_800
TGE = 1_776_729_600
SCHEDULE = ["uint32", "uint32", "address", "uint128", "uint128", "bool", "bool"]


def leaf(types, values):
    """The bytes are hashed twice, so that no inner node passes for a leaf."""
    return keccak(keccak(encode(types, values)))


def address():
    return to_checksum_address(RANDOM.randbytes(20))


def hexed(data):
    return "0x" + data.hex()


def schedule(category, index, amount, tge_amount, revocable, transferable):
    values = [category, index, address(), amount, tge_amount, revocable, transferable]
    names = ["category", "index", "beneficiary", "amount", "tgeAmount", "revocable", "transferable"]
    given = dict(zip(names, values, strict=True))
    given |= {"amount": str(amount), "tgeAmount": str(tge_amount), "id": hexed(leaf(SCHEDULE, values))}
    return given


def schedules():
    yield schedule(0, 0, 1, 0, False, False)
    yield schedule(0, 1, 10**27, 10**27 // 3, True, False)
    yield schedule(6, 0, 2**96 - 1, 2**96 - 1, False, True)
    yield schedule(2**32 - 1, 2**32 - 1, 2**128 - 1, 2**128 - 1, True, True)
    for index in range(12):
        amount = RANDOM.randrange(1, 10**27)
        flags = [RANDOM.random() < 0.5, RANDOM.random() < 0.5]
        yield schedule(RANDOM.randrange(7), index, amount, RANDOM.randrange(amount + 1), *flags)


def claims():
    for index, amount in [(0, 1), (1, 10**27), (2**32 - 1, 2**96 - 1), (7, RANDOM.randrange(10**27))]:
        account = address()
        hashed = hexed(leaf(["uint256", "address", "uint256"], [index, account, amount]))
        yield {"index": index, "account": account, "amount": str(amount), "id": hashed}


def vested(curve, amount, tge_amount, time):
    """The definition of the vault, in exact fractions."""
    start, cliff, duration = curve
    if time < start:
        return 0
    since = time - start - cliff
    if since >= duration:
        return amount
    if since <= 0:
        return tge_amount
    return tge_amount + floor((amount - tge_amount) * Fraction(since, duration))


CURVES = [
    (TGE, 0, 60 * MONTH),
    (TGE, 12 * MONTH, 36 * MONTH),
    (TGE, 0, 0),
    (TGE, 12 * MONTH, 0),
    (TGE + 1, 1, 1),
    (0, 0, 7),
    (2**40 - 1, 2**32 - 1, 2**32 - 1),
    (TGE, 240 * MONTH, 240 * MONTH),
]
AMOUNTS = [(10**27, 10**27 // 10), (10**18 + 1, (10**18 + 1) // 3), (1, 0), (2**96 - 1, 0)]


def curves():
    for curve in CURVES:
        start, cliff, duration = curve
        edges = [start, start + cliff, start + cliff + duration]
        times = {time + step for time in edges for step in (-1, 0, 1) if time + step >= 0} | {0, 2**48}
        times |= {start + RANDOM.randrange(cliff + duration + 1) for _ in range(6)}
        points = []
        for amount, tge_amount in AMOUNTS:
            for time in sorted(times):
                value = vested(curve, amount, tge_amount, time)
                points.append({"amount": str(amount), "tgeAmount": str(tge_amount), "time": time, "vested": str(value)})
        yield {"start": start, "cliff": cliff, "duration": duration, "points": points}


def parent(a, b):
    return keccak(min(a, b) + max(a, b))


def tree(count):
    level = [RANDOM.randbytes(32) for _ in range(count)]
    leaves, proofs, places = level, [[] for _ in range(count)], list(range(count))
    while len(level) > 1:
        for proof, place in zip(proofs, places, strict=True):
            # The last node of an odd level has no sibling and moves up unchanged.
            if place ^ 1 < len(level):
                proof.append(hexed(level[place ^ 1]))
        pairs = [level[at : at + 2] for at in range(0, len(level), 2)]
        level = [parent(*pair) if len(pair) == 2 else pair[0] for pair in pairs]
        places = [place // 2 for place in places]
    return {"leaves": [hexed(leaf) for leaf in leaves], "root": hexed(level[0]), "proofs": proofs}


def main():
    vectors = {
        "schedules": list(schedules()),
        "claims": list(claims()),
        "curves": list(curves()),
        "trees": [tree(count) for count in (1, 2, 3, 5, 6, 7, 8, 13)],
    }
    (HERE / "vesting.json").write_text(json.dumps(vectors, indent=1) + "\n", encoding="utf-8")


main()
