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
};

const MODES = ['signed by the operator', 'signed in an enclave', 'proved in zero knowledge'];
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
  if (receipt.mode !== 0) return { name, result: 'open', detail: `The receipt is ${MODES[receipt.mode] ?? `of the unknown mode ${receipt.mode}`}: this page checks receipts that are ${MODES[0]}.` };
  const signer = await recovered(digest, signature);
  if (!signer) return { name, result: 'wrong', detail: 'It is not 65 bytes r, s, v with a low s.' };
  const key = await facts.signerAt(receipt.operator, receipt.issuedAt);
  if (key === zeroAddress) return { name, result: 'wrong', detail: 'The operator was not active when the receipt was issued.' };
  return signer === key
    ? { name, result: 'right', detail: `By ${key}, the operator’s key at that time.` }
    : { name, result: 'wrong', detail: `By ${signer}, but the operator’s key at that time was ${key}.` };
}

async function checkModel({ modelVersion, mode }: Receipt, facts: Facts): Promise<Check> {
  const model = await facts.modelOf(modelVersion);
  const name = 'Model version';
  if (!model) return { name, result: 'wrong', detail: 'It was never published on this chain.' };
  if (((model.modes >> mode) & 1) === 0) return { name, result: 'wrong', detail: 'It is published, but is not offered in this mode.' };
  return { name, result: 'right', detail: `Published by model ${model.modelId}; versions never change.` };
}

async function checkRecord({ requestId }: Receipt, digest: Hex, facts: Facts): Promise<Check> {
  const name = 'Record on the chain';
  const recorded = await facts.resultOf(requestId);
  if (recorded === zeroHash) return { name, result: 'open', detail: 'None: the request was not made on the chain, or is not answered. Receipts of HTTP requests have no record of their own.' };
  return recorded === digest
    ? { name, result: 'right', detail: 'This receipt is the recorded result of the request.' }
    : { name, result: 'wrong', detail: `The recorded result is another receipt, ${recorded}.` };
}

/** Checks a receipt step by step, without trusting whoever gave it. */
export async function verify(receipt: Receipt, signature: Hex, facts: Facts): Promise<{ digest: Hex; checks: Check[] }> {
  const digest = digestOf(receipt, facts.chainId, facts.proofRegistry);
  const time: Check = {
    name: 'Time and price',
    ...(receipt.issuedAt > facts.now
      ? { result: 'wrong', detail: 'It was issued in the future.' }
      : receipt.fee > receipt.unitPrice * (receipt.inputUnits + receipt.outputUnits)
        ? { result: 'wrong', detail: 'The fee is higher than price × units.' }
        : { result: 'right', detail: 'Issued in the past; the fee is at most price × units.' }),
  };
  const checks = await Promise.all([checkSignature(receipt, digest, signature, facts), checkModel(receipt, facts), checkRecord(receipt, digest, facts)]);
  return { digest, checks: [time, ...checks] };
}
