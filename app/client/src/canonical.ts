import { type Hex, keccak256, stringToBytes } from 'viem';

/** A value that has a canonical form: what `JSON.parse` returns. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/**
 * The canonical form of a JSON value (RFC 8785): keys sorted by their UTF-16 units, numbers and strings as JavaScript writes
 * them, no white space.
 * @throws {TypeError} If the value has none: not a finite number, half of a surrogate pair, not JSON at all.
 */
export function canonicalize(value: Json): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`${value} has no canonical form in JSON`);
    return JSON.stringify(value);
  }
  if (typeof value === 'string') {
    if (/\p{Surrogate}/u.test(value)) throw new TypeError('a text with half of a surrogate pair has no canonical form in JSON');
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map(canonicalize).join(',')}]`;
  if (typeof value !== 'object') throw new TypeError(`a ${typeof value} is not JSON`);
  const fields = Object.keys(value).sort().map((key) => `${canonicalize(key)}:${canonicalize(value[key] as Json)}`);
  return `{${fields.join(',')}}`;
}

/** What receipts commit to: keccak256 of the canonical form. */
export const hashOf = (value: Json): Hex => keccak256(stringToBytes(canonicalize(value)));
