// The proofs of test/vectors/zk.json, judged by another implementation of curve and pairing than those of the keeper and of
// the chain: noble-curves. It shares no code with arkworks, which makes and checks them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { bn254 } from "@noble/curves/bn254";
import { hexToBytes } from "viem";

const { Fp2, Fp12, Fr } = bn254.fields;
const { G1, G2 } = bn254;
const file = new URL("../vectors/zk.json", import.meta.url);
const { vectors } = JSON.parse(readFileSync(file, "utf8"));

const word = (bytes, at) => BigInt(`0x${Buffer.from(bytes.slice(at, at + 32)).toString("hex")}`);

/** A point of either group; throws where it is infinite, not canonical, off its curve or outside its group. */
function point(group, bytes, at) {
  const size = group === G1 ? 2 : 4;
  const words = Array.from({ length: size }, (_, i) => word(bytes, at + 32 * i));
  if (words.some((value) => value >= bn254.fields.Fp.ORDER)) throw new Error("not canonical");
  const affine =
    group === G1
      ? { x: words[0], y: words[1] }
      : { x: Fp2.fromBigTuple([words[1], words[0]]), y: Fp2.fromBigTuple([words[3], words[2]]) };
  const found = group.ProjectivePoint.fromAffine(affine);
  found.assertValidity();
  return found;
}

/** Groth16's equation, from the bytes that the chain has. */
function holds({ key, proof, statement, input, output }) {
  const inputs = [BigInt(statement) >> 3n];
  const data = Buffer.concat([input, output]);
  for (let at = 0; at < data.length; at += 31) {
    const chunk = Buffer.alloc(31);
    data.copy(chunk, 0, at, at + 31);
    inputs.push(BigInt(`0x${chunk.toString("hex")}`));
  }
  assert.equal(key.length, 544 + 64 * inputs.length);
  const sum = inputs
    .map((scalar, i) => (scalar === 0n ? undefined : point(G1, key, 512 + 64 * i).multiply(Fr.create(scalar))))
    .filter(Boolean)
    .reduce((total, term) => total.add(term), point(G1, key, 320));
  const pairs = [
    [point(G1, proof, 0), point(G2, proof, 64)],
    [point(G1, key, 128), point(G2, key, 192)],
    [sum, point(G2, key, 384)],
    [point(G1, proof, 192), point(G2, key, 0)],
  ];
  const product = pairs.map(([a, b]) => bn254.pairing(a, b)).reduce((total, factor) => Fp12.mul(total, factor));
  return Fp12.eql(product, Fp12.ONE);
}

function accepts(vector) {
  try {
    return holds(vector);
  } catch {
    return false;
  }
}

const read = (vector) => ({
  statement: vector.statement,
  ...Object.fromEntries(["key", "proof", "input", "output"].map((name) => [name, hexToBytes(vector[name])])),
});

const flipped = (bytes, at) => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));

for (const vector of vectors) {
  test(`${vector.name}: another implementation accepts the proof`, () => {
    assert.ok(holds(read(vector)));
  });
}

test("it refuses what differs from it by a bit", () => {
  const honest = read(vectors[0]);
  for (let at = 0; at < 256; at += 16) {
    assert.ok(!accepts({ ...honest, proof: flipped(honest.proof, at + 15) }), `byte ${at + 15} of the proof`);
  }
  for (const name of ["input", "output"]) {
    for (let at = 0; at < honest[name].length; ++at) {
      assert.ok(!accepts({ ...honest, [name]: flipped(honest[name], at) }), `byte ${at} of the ${name}`);
    }
  }
  for (let at = 0; at < honest.key.length - 32; at += 32) {
    assert.ok(!accepts({ ...honest, key: flipped(honest.key, at + 31) }), `byte ${at + 31} of the key`);
  }
  const statement = `0x${(BigInt(honest.statement) ^ 8n).toString(16)}`;
  assert.ok(!accepts({ ...honest, statement }), "statement");
});

test("it refuses the proof of another model and statement", () => {
  const [first, second] = vectors.map(read);
  assert.ok(!accepts({ ...first, proof: second.proof }));
  assert.ok(!accepts({ ...first, statement: second.statement }));
});

test("a blinded proof is another proof of the same statement, as documented", () => {
  const honest = read(vectors[0]);
  const a = point(G1, honest.proof, 0);
  const b = point(G2, honest.proof, 64);
  const r = 123456789n;
  const encode = (value) => value.toString(16).padStart(64, "0");
  const [newA, newB] = [a.multiply(r).toAffine(), b.multiply(Fr.inv(r)).toAffine()];
  const [x, y] = [newB.x, newB.y];
  const head = [newA.x, newA.y, x.c1, x.c0, y.c1, y.c0].map(encode).join("");
  const proof = Buffer.concat([Buffer.from(head, "hex"), honest.proof.slice(192)]);
  assert.ok(accepts({ ...honest, proof }));
});
