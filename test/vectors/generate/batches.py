"""Writes test/vectors/batches.json: trees of receipts with their roots and proofs, and proofs that must be refused.

Builds each tree from its leaves, level by level; what it checks itself against verifies proofs by index and count. Takes
the receipts of receipts.json and random ones. Run from the root of the repository, see generate.py:

    .cache/vectors/bin/python test/vectors/generate/batches.py
"""

import json
import random
from pathlib import Path

from eth_abi import encode
from eth_utils import keccak

HERE = Path(__file__).resolve().parent.parent
RANDOM = random.Random("OPG batches 1")

COUNTS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 15, 16, 17, 31, 33]
LARGE = [1000, 4096, 40960]


def shown(data):
    return "0x" + data.hex()


def node(left, right):
    return keccak(left + right)


def content(index, count, digest, evidence):
    return encode(["uint256", "uint256", "bytes32", "bytes32"], [index, count, digest, keccak(evidence)])


def leaf(index, count, digest, evidence):
    return keccak(keccak(content(index, count, digest, evidence)))


def levels(leaves):
    """All levels from the leaves to the root. The last node of an odd level moves up."""
    rows = [leaves]
    while len(rows[-1]) > 1:
        row = rows[-1]
        above = [node(row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)]
        rows.append(above + row[len(row) - len(row) % 2 :])
    return rows


def proof(rows, index):
    siblings = []
    for row in rows[:-1]:
        sibling = index ^ 1
        if sibling < len(row):
            siblings.append(row[sibling])
        index //= 2
    return siblings


def receipts(count, known):
    """Digests and signatures: those of receipts.json first, then random ones."""
    signed = [(bytes.fromhex(r["digest"][2:]), bytes.fromhex(r["signature"][2:])) for r in known]
    while len(signed) < count:
        signed.append((RANDOM.randbytes(32), RANDOM.randbytes(64) + RANDOM.choice([b"\x1b", b"\x1c"])))
    return signed[:count]


def tree(count, known):
    signed = receipts(count, known)
    return signed, levels([leaf(i, count, digest, evidence) for i, (digest, evidence) in enumerate(signed)])


def entry(signed, rows, index):
    digest, evidence = signed[index]
    return {
        "index": index,
        "digest": shown(digest),
        "evidence": shown(evidence),
        "leaf": shown(rows[0][index]),
        "proof": [shown(sibling) for sibling in proof(rows, index)],
    }


def trees(known):
    for count in COUNTS:
        signed, rows = tree(count, known)
        yield {
            "count": count,
            "root": shown(rows[-1][0]),
            "leaves": [entry(signed, rows, index) for index in range(count)],
        }
    for count in LARGE:
        signed, rows = tree(count, known)
        chosen = sorted({0, 1, count // 2, count - 2, count - 1} | {RANDOM.randrange(count) for _ in range(3)})
        yield {"count": count, "root": shown(rows[-1][0]), "leaves": [entry(signed, rows, index) for index in chosen]}


def refused(known):
    """Each is a leaf hash with a proof that must not lead to the root at this index and count."""
    signed, rows = tree(7, known)
    root, leaves = rows[-1][0], rows[0]

    def case(name, index, start, siblings, count=7, top=root):
        return {
            "name": name,
            "count": count,
            "index": index,
            "leaf": shown(start),
            "proof": [shown(sibling) for sibling in siblings],
            "root": shown(top),
        }

    right = proof(rows, 2)
    last = proof(rows, 6)
    yield case("another index", 3, leaves[2], right)
    yield case("index of the count", 7, leaves[6], last)
    yield case("index beyond the count with the same low bits", 8 + 2, leaves[2], right)
    yield case("a sibling too few", 2, leaves[2], right[:-1])
    yield case("a sibling too many", 2, leaves[2], right + [root])
    yield case("siblings in reverse", 2, leaves[2], right[::-1])
    yield case("inner node as leaf", 1, rows[1][1], right[1:])
    yield case("root as the only leaf of another count", 0, root, [])
    yield case("last node paired with itself", 6, leaves[6], [leaves[6]] + last)
    yield case("last node as the leaf after it", 7, leaves[6], [leaves[6]] + last, count=8)
    doubled = levels(leaves + [leaves[6]])
    yield case("tree that doubles its last leaf", 6, leaves[6], last, top=doubled[-1][0])
    yield case("sorted pairs", 2, leaves[2], right, top=sorted_root(leaves))
    yield case("empty proof", 2, leaves[2], [])
    digest, evidence = signed[2]
    yield case("leaf hashed once", 2, keccak(content(2, 7, digest, evidence)), right)
    yield case("leaf of another index", 2, leaf(3, 7, digest, evidence), right)
    yield case("leaf of a tree of eight, where its path has the same shape", 2, leaf(2, 8, digest, evidence), right, count=8)
    yield case("leaf with another receipt's evidence", 2, leaf(2, 7, digest, signed[3][1]), right)


def sorted_root(leaves):
    row = leaves
    while len(row) > 1:
        above = [keccak(b"".join(sorted(row[i : i + 2]))) for i in range(0, len(row) - 1, 2)]
        row = above + row[len(row) - len(row) % 2 :]
    return row[0]


def main():
    known = json.loads((HERE / "receipts.json").read_text())["receipts"]
    vectors = {"batches": list(trees(known)), "refused": list(refused(known))}
    path = HERE / "batches.json"
    path.write_text(json.dumps(vectors, indent=2, ensure_ascii=True) + "\n")
    print(path.relative_to(HERE.parent.parent))


if __name__ == "__main__":
    main()
