import { concat, encodeAbiParameters, type Hex, keccak256 } from 'viem';

/** How many receipts a batch can have. */
const MOST = 1 << 20;

/** The leaf of receipt `index` of `count`. `digest` is the receipt's, `evidence` its signature. */
export const batchLeaf = (index: number, count: number, digest: Hex, evidence: Hex): Hex =>
  keccak256(
    keccak256(
      encodeAbiParameters([{ type: 'uint256' }, { type: 'uint256' }, { type: 'bytes32' }, { type: 'bytes32' }], [BigInt(index), BigInt(count), digest, keccak256(evidence)]),
    ),
  );

/**
 * Whether `leaf` is leaf `index` of the `count` below `root`. `proof` lists its siblings from the leaf up, none for a level
 * where the node moves up alone, and has to be used up exactly.
 */
export function isInBatch(root: Hex, index: number, count: number, leaf: Hex, proof: readonly Hex[]): boolean {
  if (!Number.isInteger(count) || count < 1 || count > MOST || !Number.isInteger(index) || index < 0 || index >= count) return false;
  if (proof.some((sibling) => !/^0x[0-9a-f]{64}$/i.test(sibling))) return false;
  const siblings = proof.values();
  let node = leaf;
  for (let width = count, place = index; width > 1; width = Math.ceil(width / 2), place >>= 1) {
    if (place % 2 === 0 && place + 1 === width) continue;
    const sibling = siblings.next().value;
    if (sibling === undefined) return false;
    node = keccak256(place % 2 === 1 ? concat([sibling, node]) : concat([node, sibling]));
  }
  return siblings.next().done === true && node.toLowerCase() === root.toLowerCase();
}
