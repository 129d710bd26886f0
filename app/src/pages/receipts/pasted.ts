import { type Hex, isHex } from 'viem';
import { readSignedReceipt, type SignedReceipt } from '../../../client/src/receipt';

/** What somebody pasted: a receipt with its signature, or the number of a request. */
export type Pasted = ({ kind: 'receipt' } & SignedReceipt) | { kind: 'request'; requestId: Hex };

/** Reads what was pasted; throws an error that says what is wrong. */
export function readPasted(text: string): Pasted {
  const clean = text.trim();
  if (isHex(clean) && clean.length === 66) return { kind: 'request', requestId: clean.toLowerCase() as Hex };
  let json: unknown;
  try {
    json = JSON.parse(clean);
  } catch {
    throw new Error('it is neither JSON nor a request id (0x and 64 hexadecimal digits)');
  }
  return { kind: 'receipt', ...readSignedReceipt(json) };
}
