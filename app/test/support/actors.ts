// What other people do on the chain while the journey's person uses the page.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Abi, type Address, encodeFunctionData, type Hex, parseEther } from 'viem';
import { airdropAbi } from '../../src/abi/airdrop.ts';
import { opgAbi } from '../../src/abi/opg.ts';
import { stakingAbi } from '../../src/abi/staking.ts';
import type { alice, Chain } from './chain.ts';

type Signer = typeof alice;

/** Sends a call and waits for it; throws if it reverts. */
export async function send(chain: Chain, from: Signer, address: Address, abi: Abi, functionName: string, args: readonly unknown[]): Promise<void> {
  const hash = await chain.walletOf(from).sendTransaction({ to: address, data: encodeFunctionData({ abi, functionName, args }) });
  const { status } = await chain.client.waitForTransactionReceipt({ hash });
  if (status !== 'success') throw new Error(`${functionName} reverted`);
}

/** Address of a deployed contract. */
export function at(chain: Chain, key: string): Address {
  const address = chain.book[key];
  if (!address) throw new Error(`the deployment has no ${key}`);
  return address;
}

/** Claims an account's airdrop, and delegates its votes to itself. */
export async function claimAirdrop(chain: Chain, who: Signer): Promise<bigint> {
  const file = join(chain.genesis, 'proofs/airdrop', `${who.address.slice(2, 4).toLowerCase()}.jsonl`);
  const row = readFileSync(file, 'utf8')
    .split('\n')
    .find((line) => line.includes(who.address));
  const { index, amount, proof } = JSON.parse(row ?? '') as { index: number; amount: string; proof: Hex[] };
  await send(chain, who, at(chain, 'airdrop'), airdropAbi, 'claim', [BigInt(index), BigInt(amount), proof, who.address]);
  await send(chain, who, at(chain, 'opg'), opgAbi, 'delegate', [who.address]);
  return BigInt(amount);
}

/** Makes an account with tokens an operator. */
export async function becomeOperator(chain: Chain, who: Signer, stake: bigint, commissionBps = 500): Promise<void> {
  await send(chain, who, at(chain, 'opg'), opgAbi, 'approve', [at(chain, 'custodyVault'), parseEther('1000000000')]);
  await send(chain, who, at(chain, 'staking'), stakingAbi, 'register', [who.address, 1, commissionBps, stake, 'https://node.example', 'https://node.example/about.json']);
}
