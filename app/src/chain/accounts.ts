import { type Address, type Hex, hashTypedData, parseAbi, type PublicClient } from 'viem';
import type { TypedData } from '../tx/plan';

const ERC1271 = parseAbi(['function isValidSignature(bytes32 hash, bytes signature) view returns (bytes4)']);
const VALID = '0x1626ba7e';
// EIP-7702: the code of an account that has a key all the same, and that sends its transactions itself.
const DELEGATION = '0xef0100';

/** Whether an account is a contract, such as a Safe: what it sends may wait for others and comes from a relayer. */
export async function isContractAccount(client: PublicClient, address: Address): Promise<boolean> {
  const code = await client.getCode({ address });
  return code !== undefined && code !== '0x' && !code.startsWith(DELEGATION);
}

/** Whether a contract stands for a signature (EIP-1271). False for accounts without code. */
export async function isSignedByContract(client: PublicClient, address: Address, hash: Hex, signature: Hex): Promise<boolean> {
  try {
    return (await client.readContract({ address, abi: ERC1271, functionName: 'isValidSignature', args: [hash, signature] })) === VALID;
  } catch {
    return false;
  }
}

/** The digest of what is signed. */
export const digestOfTyped = (data: TypedData): Hex => hashTypedData(data as unknown as Parameters<typeof hashTypedData>[0]);
