// The trees of the vesting vault and the airdrop, for a handful of leaves.
import { concat, encodeAbiParameters, keccak256 } from 'viem';

// A leaf is hashed twice, so that no inner node can pass for one.
export function leafOf(types, values) {
  return keccak256(keccak256(encodeAbiParameters(types, values)));
}

// Root and proofs. Inner nodes hash their sorted children; the odd last node of a level moves up unchanged.
export function treeOf(leaves) {
  const proofs = leaves.map(() => []);
  let level = leaves;
  // Which leaves are below each node of the level.
  let below = leaves.map((_, index) => [index]);
  while (level.length > 1) {
    const parents = [];
    const belowParents = [];
    for (let i = 0; i < level.length; i += 2) {
      const [left, right] = [level[i], level[i + 1]];
      if (right === undefined) {
        parents.push(left);
        belowParents.push(below[i]);
        continue;
      }
      below[i].forEach((leaf) => proofs[leaf].push(right));
      below[i + 1].forEach((leaf) => proofs[leaf].push(left));
      parents.push(keccak256(concat(left < right ? [left, right] : [right, left])));
      belowParents.push([...below[i], ...below[i + 1]]);
    }
    [level, below] = [parents, belowParents];
  }
  return { root: level[0], proofs };
}
