import { type Address, getAddress, type Hex, isAddress, isHex } from 'viem';

/** What somebody signed for somebody else to submit. */
export type Relayed =
  | { kind: 'delegation'; chainId: number; delegator: Address; delegatee: Address; nonce: bigint; expiry: bigint; signature: Hex }
  | { kind: 'vote'; chainId: number; proposalId: bigint; support: number; voter: Address; nonce: bigint; reason: string; signature: Hex }
  | { kind: 'proposal'; chainId: number; targets: Address[]; values: bigint[]; calldatas: Hex[]; description: string; proposer: Address; deadline: bigint; signature: Hex };

/** A signed message as text. */
export const pack = (message: Relayed): string => JSON.stringify(message, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));

const address = (value: unknown): Address => {
  if (typeof value !== 'string' || !isAddress(value)) throw new Error('it names no valid address');
  return getAddress(value);
};
const integer = (value: unknown): bigint => {
  if (typeof value !== 'string' || !/^\d{1,78}$/.test(value)) throw new Error('a number is missing');
  return BigInt(value);
};

const list = <Item>(value: unknown, read: (item: unknown) => Item): Item[] => {
  if (!Array.isArray(value) || value.length === 0 || value.length > 100) throw new Error('its list of calls is damaged');
  return value.map(read);
};
const bytes = (value: unknown): Hex => {
  if (typeof value !== 'string' || !isHex(value) || value.length % 2 !== 0) throw new Error('a call is damaged');
  return value;
};

/** Reads a signed message; throws an error that says what is wrong with it. */
export function unpack(text: string): Relayed {
  let json: Record<string, unknown>;
  try {
    json = JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw new Error('it is not a signed message: paste it whole, from { to }');
  }
  const { kind, chainId, signature } = json;
  if (typeof chainId !== 'number') throw new Error('it names no chain');
  if (typeof signature !== 'string' || !isHex(signature) || signature.length > 8_194) throw new Error('its signature is damaged');
  if (kind === 'delegation') {
    return { kind, chainId, signature, delegator: address(json['delegator']), delegatee: address(json['delegatee']), nonce: integer(json['nonce']), expiry: integer(json['expiry']) };
  }
  if (kind === 'vote') {
    const { support, reason } = json;
    if (support !== 0 && support !== 1 && support !== 2) throw new Error('it is neither for, against nor abstain');
    if (typeof reason !== 'string') throw new Error('its reason is missing');
    return { kind, chainId, signature, support, reason, proposalId: integer(json['proposalId']), voter: address(json['voter']), nonce: integer(json['nonce']) };
  }
  if (kind === 'proposal') {
    const [targets, values, calldatas] = [list(json['targets'], address), list(json['values'], integer), list(json['calldatas'], bytes)];
    if (targets.length !== values.length || targets.length !== calldatas.length) throw new Error('its calls are incomplete');
    const { description } = json;
    if (typeof description !== 'string') throw new Error('its text is missing');
    return { kind, chainId, signature, targets, values, calldatas, description, proposer: address(json['proposer']), deadline: integer(json['deadline']) };
  }
  throw new Error('it is of a kind that this page does not know');
}
