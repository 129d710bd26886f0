"""Writes test/vectors/{receipts,requests,canonical-json}.json, which Rust and Solidity check themselves against.

Independent of the code that it checks: EIP-712 and signatures by eth-account, ABI encoding by eth-abi, canonical JSON by
rfc8785. Deterministic: the same versions write the same bytes. Run from the root of the repository:

    python3 -m venv .cache/vectors
    .cache/vectors/bin/pip install -r test/vectors/generate/requirements.txt
    .cache/vectors/bin/python test/vectors/generate/generate.py
"""

import json
import random
from pathlib import Path

import rfc8785
from eth_abi import encode
from eth_account import Account
from eth_account.messages import _hash_eip191_message, encode_typed_data
from eth_utils import keccak, to_checksum_address

HERE = Path(__file__).resolve().parent.parent
RANDOM = random.Random("OPG vectors 1")

U64, U128, U256 = 2**64 - 1, 2**128 - 1, 2**256 - 1
HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0

RECEIPT = [
    ("requestId", "bytes32"),
    ("payer", "address"),
    ("operator", "address"),
    ("modelVersion", "bytes32"),
    ("inputHash", "bytes32"),
    ("outputHash", "bytes32"),
    ("traceHash", "bytes32"),
    ("inputUnits", "uint64"),
    ("outputUnits", "uint64"),
    ("unitPrice", "uint128"),
    ("fee", "uint128"),
    ("mode", "uint8"),
    ("issuedAt", "uint64"),
]

REQUEST = [
    ("payer", "address"),
    ("nonce", "uint64"),
    ("modelVersion", "bytes32"),
    ("inputHash", "bytes32"),
    ("mode", "uint8"),
    ("callbackGas", "uint32"),
    ("blockNumber", "uint64"),
    ("requestedAt", "uint64"),
    ("deadline", "uint64"),
    ("maxFee", "uint128"),
]

DOMAIN = [
    ("name", "string"),
    ("version", "string"),
    ("chainId", "uint256"),
    ("verifyingContract", "address"),
]


def bits(kind):
    return int(kind.removeprefix("uint"))


def value(kind, choose):
    """A value of an ABI type; `choose(n)` gives an integer below 2**n."""
    if kind == "address":
        return to_checksum_address(choose(160).to_bytes(20, "big"))
    if kind == "bytes32":
        return choose(256).to_bytes(32, "big")
    return choose(bits(kind))


def shown(kind, given):
    """JSON form: bytes in hexadecimal, integers of 64 bits and more as decimal strings."""
    if isinstance(given, bytes):
        return "0x" + given.hex()
    if kind in ("uint64", "uint128", "uint256"):
        return str(given)
    return given


def shown_struct(fields, struct):
    return {name: shown(kind, struct[name]) for name, kind in fields}


def filled(fields, choose):
    return {name: value(kind, choose) for name, kind in fields}


def structs(fields, count):
    """Zeros, all ones, each field extreme by itself, values around powers of two, then random ones."""
    zeros, ones = (lambda n: 0), (lambda n: 2**n - 1)
    yield "every field zero", filled(fields, zeros)
    yield "every field at its maximum", filled(fields, ones)
    for position, (name, kind) in enumerate(fields):
        struct = filled(fields, lambda n: 1)
        struct[name] = value(kind, ones)
        yield f"only {name} at its maximum", struct
        if kind.startswith("uint") and bits(kind) > 8:
            struct = dict(struct)
            struct[name] = 2 ** (bits(kind) - 1) + position
            yield f"{name} around its sign bit", struct
    for number in range(count):
        yield f"random {number}", filled(fields, RANDOM.getrandbits)


def receipts():
    vectors = []
    for number, (name, receipt) in enumerate(structs(RECEIPT, 12)):
        chain_id = [1, 8453, 84532, 31337, U64][number % 5]
        registry = to_checksum_address(RANDOM.randbytes(20))
        typed = {
            "types": {
                "EIP712Domain": [{"name": name, "type": kind} for name, kind in DOMAIN],
                "InferenceReceipt": [{"name": name, "type": kind} for name, kind in RECEIPT],
            },
            "primaryType": "InferenceReceipt",
            "domain": {
                "name": "OPG Inference",
                "version": "1",
                "chainId": chain_id,
                "verifyingContract": registry,
            },
            "message": receipt,
        }
        message = encode_typed_data(full_message=typed)
        key = RANDOM.randbytes(32)
        signed = Account.sign_message(message, key)
        assert signed.s <= HALF_ORDER and signed.v in (27, 28)
        vectors.append(
            {
                "name": name,
                "chainId": str(chain_id),
                "proofRegistry": registry,
                "receipt": shown_struct(RECEIPT, receipt),
                "digest": "0x" + _hash_eip191_message(message).hex(),
                "privateKey": "0x" + key.hex(),
                "signer": Account.from_key(key).address,
                "signature": "0x" + signed.signature.hex(),
            }
        )
    return {
        "type": "InferenceReceipt(" + ",".join(f"{kind} {name}" for name, kind in RECEIPT) + ")",
        "receipts": vectors,
    }


def requests():
    tuple_type = "(" + ",".join(kind for _, kind in REQUEST) + ")"
    hub_vectors = []
    for number, (name, request) in enumerate(structs(REQUEST, 8)):
        chain_id = [31337, 8453, 84532, 1, U64][number % 5]
        hub = to_checksum_address(RANDOM.randbytes(20))
        preimage = encode(
            ["uint256", "address", tuple_type],
            [chain_id, hub, tuple(request[name] for name, _ in REQUEST)],
        )
        hub_vectors.append(
            {
                "name": name,
                "chainId": str(chain_id),
                "hub": hub,
                "request": shown_struct(REQUEST, request),
                "preimage": "0x" + preimage.hex(),
                "requestId": "0x" + keccak(preimage).hex(),
            }
        )
    http_fields = [("payer", "address"), ("operator", "address"), ("nonce", "bytes32"), ("inputHash", "bytes32")]
    http_vectors = []
    for name, struct in structs(http_fields, 4):
        preimage = encode([kind for _, kind in http_fields], [struct[name] for name, _ in http_fields])
        http_vectors.append(
            {
                "name": name,
                **shown_struct(http_fields, struct),
                "preimage": "0x" + preimage.hex(),
                "requestId": "0x" + keccak(preimage).hex(),
            }
        )
    return {"hub": hub_vectors, "http": http_vectors}


# Texts whose canonical form the library computes.
ACCEPTED = [
    "null",
    "true",
    " [ ] ",
    "{ }",
    '"plain"',
    '{"b":1,"a":2}',
    '{"a":{"d":[1,2,{"z":null,"y":true}],"c":"x"}}',
    '{"10":1,"9":2,"1":3,"":4}',
    # Keys are sorted by UTF-16 units: a surrogate pair comes before U+FB33.
    '{"\\u20ac":1,"\\r":2,"\\ufb33":3,"1":4,"\\ud83d\\ude00":5,"\\u0080":6,"\\u00f6":7}',
    '"\\u0000\\u0001\\u001f\\b\\t\\n\\f\\r\\"\\\\\\/\\u007f\\u2028"',
    '"\\u00e9 and e\\u0301 stay as they are"',
    "0",
    "-0",
    "-0.0",
    "1",
    "-1",
    "1.0",
    "1.50",
    "0.1",
    "333333333.33333329",
    "4.50",
    "2e-3",
    "1E30",
    "1e21",
    "1e20",
    "123456789012345680000",
    "0.000001",
    "0.0000001",
    "0.000000000000000000000000001",
    "5e-324",
    "2.2250738585072014e-308",
    "1.7976931348623157e308",
    "9007199254740991",
    "-9007199254740991",
    "9007199254740992",
    "9007199254740994",
    '{"temperature":0.7,"top_p":0.95,"seed":"18446744073709551615"}',
    '{"messages":[{"role":"user","content":"What is 2 + 2?"}],"max_tokens":16}',
    '{"engine":"test","inputTokens":[1,2,3],"outputTokens":[],"sampling":{"temperature":0,"topP":1,"seed":"0"}}',
]

# Texts that have no canonical form, or one that says something else.
REFUSED = [
    ("integer that a float rounds", "9007199254740993"),
    ("negative integer that a float rounds", "-9007199254740993"),
    ("largest unsigned 64-bit integer", "18446744073709551615"),
    ("rounded integer deep inside", '{"a":[{"b":9007199254740993}]}'),
    ("rounded integer beyond 64 bits", "18446744073709551617"),
    ("power of two that a float holds but writes with other digits", "1152921504606846976"),
    ("the same beyond 64 bits", "295147905179352825856"),
    ("float that overflows", "1e400"),
    ("float that vanishes", "1e-400"),
    ("key twice", '{"a":1,"a":1}'),
    ("key twice in two spellings", '{"a":1,"\\u0061":2}'),
    ("key twice deep inside", '[{"x":{"k":1,"j":2,"k":3}}]'),
    ("lone high surrogate", '"\\ud83d"'),
    ("lone low surrogate", '"\\ude00"'),
    ("not JSON: NaN", "NaN"),
    ("not JSON: leading zero", "01"),
    ("not JSON: plus sign", "+1"),
    ("not JSON: trailing comma", "[1,]"),
    ("not JSON: single quotes", "{'a':1}"),
    ("not JSON: two values", "1 2"),
    ("not JSON: raw control character", '"\t"'),
    ("not JSON: nothing", ""),
]


def canonical_json():
    accepted = []
    for text in ACCEPTED:
        # The library refuses integers from 2^53 on, although some are their own canonical form: that of the float.
        parsed = json.loads(text, parse_int=lambda digits: int(digits) if abs(int(digits)) < 2**53 else float(digits))
        canonical = rfc8785.dumps(parsed)
        accepted.append(
            {"text": text, "canonical": canonical.decode(), "keccak256": "0x" + keccak(canonical).hex()}
        )
    refused = [{"name": name, "text": text} for name, text in REFUSED]
    return {"accepted": accepted, "refused": refused}


def main():
    for name, vectors in [("receipts", receipts()), ("requests", requests()), ("canonical-json", canonical_json())]:
        path = HERE / f"{name}.json"
        path.write_text(json.dumps(vectors, indent=2, ensure_ascii=True) + "\n")
        print(path.relative_to(HERE.parent.parent))


if __name__ == "__main__":
    main()
