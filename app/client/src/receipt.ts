import { type Address, encodeAbiParameters, getAddress, hashTypedData, type Hex, isAddress, isHex, keccak256, recoverAddress } from 'viem';

/** A receipt of an inference, as its operator signs it. Amounts in OPG wei, times in Unix seconds. */
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
  /** 0 signed by the operator, 1 signed in an enclave, 2 proved in zero knowledge. */
  mode: number;
  issuedAt: bigint;
};

/** A receipt with what proves it: in mode 0 the operator's signature. */
export type SignedReceipt = { receipt: Receipt; signature: Hex };

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

const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

/** The digest that the operator signs (EIP-712). */
export const digestOf = (receipt: Receipt, chainId: number | bigint, proofRegistry: Address): Hex =>
  hashTypedData({
    domain: { name: 'OPG Inference', version: '1', chainId: BigInt(chainId), verifyingContract: proofRegistry },
    types: { InferenceReceipt: FIELDS.map(([name, type]) => ({ name, type })) },
    primaryType: 'InferenceReceipt',
    message: receipt,
  });

/** The id of a request over HTTP: nobody else can have a receipt of the same id. `nonce` is the payment's. */
export const httpRequestId = (payer: Address, operator: Address, nonce: Hex, inputHash: Hex): Hex =>
  keccak256(encodeAbiParameters([{ type: 'address' }, { type: 'address' }, { type: 'bytes32' }, { type: 'bytes32' }], [payer, operator, nonce, inputHash]));

/**
 * Who signed `digest`; nobody if the signature is not the one form that the contracts take: 65 bytes r, s, v with the low of
 * the two values of s and v 27 or 28.
 */
export async function signerOf(digest: Hex, signature: Hex): Promise<Address | undefined> {
  const canonical = signature.length === 132 && BigInt(`0x${signature.slice(66, 130)}`) <= HALF_ORDER && ['1b', '1c'].includes(signature.slice(130).toLowerCase());
  if (!canonical) return undefined;
  // Not every r is on the curve.
  return recoverAddress({ hash: digest, signature }).catch(() => undefined);
}

/**
 * Reads a signed receipt from JSON of a stranger: `{receipt, signature}`, or the fields of the receipt beside its signature.
 * Numbers may be decimal strings.
 * @throws {Error} With the name of the field that is wrong.
 */
export function readSignedReceipt(json: unknown): SignedReceipt {
  if (typeof json !== 'object' || json === null) throw new Error('it is not a receipt');
  const outer = json as Record<string, unknown>;
  const source = (outer['receipt'] ?? outer) as Record<string, unknown>;
  if (typeof source !== 'object') throw new Error('"receipt" is not an object');
  const signature = outer['signature'] ?? outer['evidence'];
  if (typeof signature !== 'string' || !isHex(signature)) throw new Error('"signature" is missing');
  const receipt = Object.fromEntries(FIELDS.map(([name, type]) => [name, field(name, type, source[name])])) as unknown as Receipt;
  return { receipt, signature };
}

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
