import { type Address, getAddress, isAddress } from 'viem';

/** First and last characters that lists show. Imitations commonly match four at each end. */
export const shorten = (address: string): string => `${address.slice(0, 8)}…${address.slice(-6)}`;

/** A checksummed address, or why the text is none. */
export function readAddress(text: string): { address: Address } | { problem: string } {
  const clean = text.trim();
  if (!/^0x[0-9a-fA-F]{40}$/.test(clean)) return { problem: 'An address is 0x followed by 40 hexadecimal digits.' };
  const mixed = /[a-f]/.test(clean.slice(2)) && /[A-F]/.test(clean.slice(2));
  if (mixed && !isAddress(clean)) return { problem: 'The checksum does not match: a character is mistyped. Copy it again.' };
  const address = getAddress(clean.toLowerCase());
  return /^0x0{40}$/.test(address) ? { problem: 'This is the zero address: what is sent there is lost.' } : { address };
}

/**
 * The known address that `address` imitates: equal at both ends, as people compare them, and different between. Such
 * addresses are made to be copied by mistake from a list.
 */
export function imitated(address: string, known: readonly string[]): string | undefined {
  const ends = (text: string) => text.toLowerCase().slice(2, 6) + text.toLowerCase().slice(-4);
  return known.find((other) => other.toLowerCase() !== address.toLowerCase() && ends(other) === ends(address));
}
