import { type Address, type Hex, zeroAddress, zeroHash } from 'viem';
import { digestOf, type Receipt, signerOf } from './receipt.ts';

/** What a check found. `open`: neither right nor wrong; `detail` says why. */
export type Check = { name: string; result: 'right' | 'wrong' | 'open'; detail: string };

/** What the checks ask the chain. */
export type Facts = {
  chainId: number | bigint;
  proofRegistry: Address;
  /** Time of the newest block. */
  now: () => bigint | Promise<bigint>;
  signerAt: (operator: Address, time: bigint) => Promise<Address>;
  modelOf: (version: Hex) => Promise<{ modelId: Hex; modes: number } | undefined>;
  resultOf: (requestId: Hex) => Promise<Hex>;
  /** What the chain's verifier says of a receipt with its evidence: its number of a fault, 0 for none. */
  faultOf: (receipt: Receipt, evidence: Hex) => Promise<number>;
  /** How the key was made that proofs of a version are checked with: 0 none, 1 by one process, 2 by several parties. */
  setupOf: (version: Hex) => Promise<number>;
};

/** Seconds by which a node's clock may be ahead of the newest block. */
const AHEAD = 60n;
const MODE = { operator: 0, enclave: 1, proof: 2 } as const;
// In the order of the registry's enumeration.
const FAULTS = [
  '',
  'The chain has no verifier for this mode.',
  'The operator was not active when the receipt was issued.',
  'The signature is not by the operator’s key.',
  'It was issued in the future.',
  'It does not show that this model turns this input into this output for this request, or no key is registered for the version.',
];

async function checkSignature(receipt: Receipt, digest: Hex, signature: Hex, now: bigint, facts: Facts): Promise<Check> {
  const name = 'Signature';
  if (receipt.mode === MODE.enclave) {
    return { name, result: 'open', detail: 'The receipt claims a key that lives in an enclave. Nothing on this chain ties a key to an approved measurement, so nobody can tell whether the key is one: do not count on more than the operator’s word.' };
  }
  if (receipt.mode > MODE.proof) return { name, result: 'wrong', detail: `There is no mode ${receipt.mode}.` };
  // The evidence of a proved receipt begins with the operator's signature, which says who is paid how much.
  const signer = await signerOf(digest, receipt.mode === MODE.proof ? (signature.slice(0, 132) as Hex) : signature);
  if (!signer) return { name, result: 'wrong', detail: 'It is not 65 bytes r, s, v with a low s.' };
  const key = await facts.signerAt(receipt.operator, receipt.issuedAt < now ? receipt.issuedAt : now);
  if (key === zeroAddress) return { name, result: 'wrong', detail: 'The operator was not active when the receipt was issued.' };
  return signer === key
    ? { name, result: 'right', detail: `By ${key}, the operator’s key at that time.` }
    : { name, result: 'wrong', detail: `By ${signer}, but the operator’s key at that time was ${key}.` };
}

/** Runs the proof through the chain's own verifier; says, too, who could have forged it. */
async function checkProof(receipt: Receipt, evidence: Hex, facts: Facts): Promise<Check[]> {
  const fault = await facts.faultOf(receipt, evidence);
  const proof: Check =
    fault === 0
      ? { name: 'Proof', result: 'right', detail: 'The chain’s verifier accepts it: the model of this version turns the committed input into the committed output.' }
      : { name: 'Proof', result: 'wrong', detail: FAULTS[fault] ?? `The chain’s verifier refuses it (fault ${fault}).` };
  const kind = await facts.setupOf(receipt.modelVersion);
  const name = 'Setup of the proof system';
  if (kind === 2) return [proof, { name, result: 'right', detail: 'Made by several parties: no proof can be forged if one of them destroyed its secret.' }];
  if (kind === 1) return [proof, { name, result: 'open', detail: 'Made by one process, for development: whoever ran it can forge proofs.' }];
  return [proof, { name, result: 'wrong', detail: 'No key is registered for this version.' }];
}

async function checkModel({ modelVersion, mode }: Receipt, facts: Facts): Promise<Check> {
  const model = await facts.modelOf(modelVersion);
  const name = 'Model version';
  if (!model) return { name, result: 'wrong', detail: 'It was never published on this chain.' };
  if (((model.modes >> mode) & 1) === 0) return { name, result: 'wrong', detail: 'It is published, but is not offered in this mode.' };
  return { name, result: 'right', detail: `Published by model ${model.modelId}; versions never change.` };
}

function checkRecord(recorded: Hex, digest: Hex): Check {
  const name = 'Record on the chain';
  if (recorded === zeroHash) return { name, result: 'open', detail: 'None: the request was not made on the chain, or is not answered. Receipts of HTTP requests have no record of their own.' };
  return recorded === digest
    ? { name, result: 'right', detail: 'This receipt is the recorded result of the request.' }
    : { name, result: 'wrong', detail: `The recorded result is another receipt, ${recorded}.` };
}

/** The hub holds answers to price × units; who is paid over HTTP may have agreed on a flat fee instead. */
function checkTerms({ issuedAt, fee, unitPrice, inputUnits, outputUnits }: Receipt, recorded: Hex, now: bigint): Check {
  const name = 'Time and price';
  if (issuedAt > now + AHEAD) return { name, result: 'wrong', detail: 'It was issued in the future.' };
  if (fee <= unitPrice * (inputUnits + outputUnits)) return { name, result: 'right', detail: 'Issued in the past; the fee is at most price × units.' };
  if (recorded !== zeroHash) return { name, result: 'wrong', detail: 'The fee is higher than price × units.' };
  return { name, result: 'right', detail: 'Issued in the past. The fee is not by units: over HTTP, payer and operator may agree on a flat one.' };
}

/** Checks a receipt step by step, without trusting whoever gave it. */
export async function verify(receipt: Receipt, signature: Hex, facts: Facts): Promise<{ digest: Hex; checks: Check[] }> {
  const digest = digestOf(receipt, facts.chainId, facts.proofRegistry);
  const now = await facts.now();
  const [proofs, signed, model, recorded] = await Promise.all([
    receipt.mode === MODE.proof ? checkProof(receipt, signature, facts) : [],
    checkSignature(receipt, digest, signature, now, facts),
    checkModel(receipt, facts),
    facts.resultOf(receipt.requestId),
  ]);
  return { digest, checks: [checkTerms(receipt, recorded, now), signed, model, ...proofs, checkRecord(recorded, digest)] };
}
