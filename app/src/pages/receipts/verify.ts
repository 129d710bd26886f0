import { type Address, getAddress, hashTypedData, type Hex, isAddress, isHex, recoverAddress, zeroAddress, zeroHash } from 'viem';

/** A receipt of an inference, as its operator signs it. */
export type Receipt = {
  requestId: Hex;
  payer: Address;
  operator: Address;
  modelVersion: Hex;
  inputHash: Hex;
  outputHash: Hex;
  traceHash: Hex;
  inputUnits: bigint;
  outputUnits: bigint;
  unitPrice: bigint;
  fee: bigint;
  mode: number;
  issuedAt: bigint;
};

/** What somebody pasted: a receipt with its signature, or the number of a request. */
export type Pasted = { kind: 'receipt'; receipt: Receipt; signature: Hex } | { kind: 'request'; requestId: Hex };

const FIELDS = [
  ['requestId', 'bytes32'],
  ['payer', 'address'],
  ['operator', 'address'],
  ['modelVersion', 'bytes32'],
  ['inputHash', 'bytes32'],
  ['outputHash', 'bytes32'],
  ['traceHash', 'bytes32'],
  ['inputUnits', 'uint64'],
  ['outputUnits', 'uint64'],
  ['unitPrice', 'uint128'],
  ['fee', 'uint128'],
  ['mode', 'uint8'],
  ['issuedAt', 'uint64'],
] as const;

/** The digest that the operator signs (EIP-712). */
export const digestOf = (receipt: Receipt, chainId: number | bigint, proofRegistry: Address): Hex =>
  hashTypedData({
    domain: { name: 'OPG Inference', version: '1', chainId: BigInt(chainId), verifyingContract: proofRegistry },
    types: { InferenceReceipt: FIELDS.map(([name, type]) => ({ name, type })) },
    primaryType: 'InferenceReceipt',
    message: receipt,
  });

function field(name: string, type: string, value: unknown): unknown {
  if (type === 'bytes32') {
    if (typeof value === 'string' && isHex(value) && value.length === 66) return value.toLowerCase();
    throw new Error(`"${name}" is not 32 bytes in hexadecimal`);
  }
  if (type === 'address') {
    if (typeof value === 'string' && isAddress(value, { strict: false })) return getAddress(value);
    throw new Error(`"${name}" is not an address`);
  }
  if ((typeof value === 'string' && /^\d{1,39}$/.test(value)) || (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0)) {
    const integer = BigInt(value);
    if (integer < 1n << BigInt(type.slice(4))) return type === 'uint8' ? Number(integer) : integer;
  }
  throw new Error(`"${name}" is not a whole number of ${type.slice(4)} bits`);
}

/** Reads what was pasted; throws an error that says what is wrong. */
export function readPasted(text: string): Pasted {
  const clean = text.trim();
  if (isHex(clean) && clean.length === 66) return { kind: 'request', requestId: clean.toLowerCase() as Hex };
  let json: Record<string, unknown>;
  try {
    json = JSON.parse(clean) as Record<string, unknown>;
  } catch {
    throw new Error('it is neither JSON nor a request id (0x and 64 hexadecimal digits)');
  }
  if (typeof json !== 'object' || json === null) throw new Error('it is not a receipt');
  const source = (json['receipt'] ?? json) as Record<string, unknown>;
  const signature = json['signature'] ?? json['evidence'];
  if (typeof signature !== 'string' || !isHex(signature)) throw new Error('"signature" is missing');
  const receipt = Object.fromEntries(FIELDS.map(([name, type]) => [name, field(name, type, source[name])])) as unknown as Receipt;
  return { kind: 'receipt', receipt, signature };
}

/** What a check found. `open`: neither right nor wrong; `detail` says why. */
export type Check = { name: string; result: 'right' | 'wrong' | 'open'; detail: string };

/** What the checks ask the chain. */
export type Facts = {
  chainId: number | bigint;
  proofRegistry: Address;
  now: bigint;
  signerAt: (operator: Address, time: bigint) => Promise<Address>;
  modelOf: (version: Hex) => Promise<{ modelId: Hex; modes: number } | undefined>;
  resultOf: (requestId: Hex) => Promise<Hex>;
  /** What the chain's verifier says of a receipt with its evidence: its number of a fault, 0 for none. */
  faultOf: (receipt: Receipt, evidence: Hex) => Promise<number>;
  /** How the key was made that proofs of a version are checked with: 0 none, 1 by one process, 2 by several parties. */
  setupOf: (version: Hex) => Promise<number>;
};

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
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

/** Only the low of the two values of s, and 27 or 28, as the contracts demand. */
const isCanonical = (signature: Hex): boolean => signature.length === 132 && BigInt(`0x${signature.slice(66, 130)}`) <= HALF_ORDER && ['1b', '1c'].includes(signature.slice(130).toLowerCase());

async function recovered(digest: Hex, signature: Hex): Promise<Address | undefined> {
  try {
    return isCanonical(signature) ? await recoverAddress({ hash: digest, signature }) : undefined;
  } catch {
    return undefined;
  }
}

async function checkSignature(receipt: Receipt, digest: Hex, signature: Hex, facts: Facts): Promise<Check> {
  const name = 'Signature';
  if (receipt.mode === MODE.enclave) {
    return { name, result: 'open', detail: 'The receipt claims a key that lives in an enclave. This chain has no registry of enclaves and their measurements, so nobody can tell whether the key is one: do not count on more than the operator’s word.' };
  }
  if (receipt.mode > MODE.proof) return { name, result: 'wrong', detail: `There is no mode ${receipt.mode}.` };
  // The evidence of a proved receipt begins with the operator's signature, which says who is paid how much.
  const signer = await recovered(digest, receipt.mode === MODE.proof ? signature.slice(0, 132) as Hex : signature);
  if (!signer) return { name, result: 'wrong', detail: 'It is not 65 bytes r, s, v with a low s.' };
  const key = await facts.signerAt(receipt.operator, receipt.issuedAt);
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
  if (issuedAt > now) return { name, result: 'wrong', detail: 'It was issued in the future.' };
  if (fee <= unitPrice * (inputUnits + outputUnits)) return { name, result: 'right', detail: 'Issued in the past; the fee is at most price × units.' };
  if (recorded !== zeroHash) return { name, result: 'wrong', detail: 'The fee is higher than price × units.' };
  return { name, result: 'right', detail: 'Issued in the past. The fee is not by units: over HTTP, payer and operator may agree on a flat one.' };
}

/** Checks a receipt step by step, without trusting whoever gave it. */
export async function verify(receipt: Receipt, signature: Hex, facts: Facts): Promise<{ digest: Hex; checks: Check[] }> {
  const digest = digestOf(receipt, facts.chainId, facts.proofRegistry);
  const [proofs, signed, model, recorded] = await Promise.all([
    receipt.mode === MODE.proof ? checkProof(receipt, signature, facts) : [],
    checkSignature(receipt, digest, signature, facts),
    checkModel(receipt, facts),
    facts.resultOf(receipt.requestId),
  ]);
  return { digest, checks: [checkTerms(receipt, recorded, facts.now), signed, model, ...proofs, checkRecord(recorded, digest)] };
}
