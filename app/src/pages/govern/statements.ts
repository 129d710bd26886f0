import { type Address, getAddress, type Hex, isAddress, isHex, type PublicClient, recoverAddress } from 'viem';
import { digestOfTyped, isSignedByContract } from '../../chain/accounts';
import type { TypedData } from '../../tx/plan';

/** What a delegate says of itself, as it signed it. */
export type Statement = { delegate: Address; text: string; writtenAt: bigint; signature: Hex };

/** Most characters of a statement; longer ones are left out. */
export const LONGEST = 4_000;
const MOST_STATEMENTS = 500;
const MOST_BYTES = 2_000_000;

/** What a delegate signs. The token's address makes it hold for one OPG only. */
export const statementData = (chainId: number, opg: Address, { delegate, text, writtenAt }: Omit<Statement, 'signature'>): TypedData => ({
  domain: { name: 'OPG Delegates', version: '1', chainId, verifyingContract: opg },
  primaryType: 'Statement',
  types: {
    Statement: [
      { name: 'delegate', type: 'address' },
      { name: 'text', type: 'string' },
      { name: 'writtenAt', type: 'uint64' },
    ],
  },
  message: { delegate, text, writtenAt },
});

function readOne(value: unknown): Statement | undefined {
  const { delegate, text, writtenAt, signature } = (value ?? {}) as Record<string, unknown>;
  if (typeof delegate !== 'string' || !isAddress(delegate, { strict: false })) return undefined;
  if (typeof text !== 'string' || text.length === 0 || text.length > LONGEST) return undefined;
  if (!/^\d{1,12}$/.test(String(writtenAt)) || typeof signature !== 'string' || !isHex(signature)) return undefined;
  return { delegate: getAddress(delegate), text, writtenAt: BigInt(String(writtenAt)), signature };
}

/** The newest statement of each delegate, unverified. What is damaged is left out: one entry cannot spoil the file. */
export function readStatements(json: unknown): Statement[] {
  if (!Array.isArray(json)) throw new Error('the file of statements is not a list');
  const newest = new Map<Address, Statement>();
  for (const value of json.slice(0, MOST_STATEMENTS)) {
    const statement = readOne(value);
    if (statement && statement.writtenAt >= (newest.get(statement.delegate)?.writtenAt ?? 0n)) newest.set(statement.delegate, statement);
  }
  return [...newest.values()];
}

/** Whether the delegate itself signed: its key, or the contract that it is. */
export async function isSigned(client: PublicClient, chainId: number, opg: Address, statement: Statement): Promise<boolean> {
  const digest = digestOfTyped(statementData(chainId, opg, statement));
  try {
    if ((await recoverAddress({ hash: digest, signature: statement.signature })) === statement.delegate) return true;
  } catch {
    // Not the signature of a key.
  }
  return isSignedByContract(client, statement.delegate, digest, statement.signature);
}

/** Fetches the file, and keeps what was signed by whom it claims. */
export async function loadStatements(client: PublicClient, url: string, chainId: number, opg: Address): Promise<Map<Address, Statement>> {
  const response = await fetch(url, { credentials: 'omit' });
  if (!response.ok) throw new Error(`the file of statements could not be read (HTTP ${response.status})`);
  const text = await response.text();
  if (text.length > MOST_BYTES) throw new Error('the file of statements is too large');
  const all = readStatements(JSON.parse(text));
  const good = await Promise.all(all.map((statement) => isSigned(client, chainId, opg, statement)));
  return new Map(all.flatMap((statement, index) => (good[index] ? [[statement.delegate, statement] as const] : [])));
}
