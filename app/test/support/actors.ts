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
  // Estimated a second earlier, gas may fall short: what a call costs depends on the time, too.
  const hash = await chain.walletOf(from).sendTransaction({ to: address, data: encodeFunctionData({ abi, functionName, args }), gas: 5_000_000n });
  const { status } = await chain.client.waitForTransactionReceipt({ hash });
  if (status !== 'success') throw new Error(`${functionName} reverted`);
}

/** Address of a deployed contract. */
export function at(chain: Chain, key: string): Address {
  const address = chain.book[key];
  if (!address) throw new Error(`the deployment has no ${key}`);
  return address;
}

/** The line of an account in a tree of the genesis. */
function lineOf(chain: Chain, tree: string, account: Address): Record<string, unknown> {
  const file = join(chain.genesis, 'proofs', tree, `${account.slice(2, 4).toLowerCase()}.jsonl`);
  const line = readFileSync(file, 'utf8')
    .split('\n')
    .find((text) => text.includes(account));
  if (!line) throw new Error(`${account} is not in ${file}`);
  return JSON.parse(line) as Record<string, unknown>;
}

/** A grant of the genesis, with the curve of its category. */
export function grantOf(chain: Chain, category: string, account: Address) {
  const row = lineOf(chain, category, account) as { amount: string; tgeAmount: string };
  const { categories } = JSON.parse(readFileSync(join(chain.genesis, 'manifest.json'), 'utf8')) as { categories: { name: string; start: number; cliff: number; duration: number }[] };
  const curve = categories.find(({ name }) => name === category);
  if (!curve) throw new Error(`the genesis has no ${category}`);
  return { ...curve, schedule: { amount: BigInt(row.amount), tgeAmount: BigInt(row.tgeAmount) } };
}

/** Claims an account's airdrop, and delegates its votes to itself. */
export async function claimAirdrop(chain: Chain, who: Signer): Promise<bigint> {
  const { index, amount, proof } = lineOf(chain, 'airdrop', who.address) as { index: number; amount: string; proof: Hex[] };
  await send(chain, who, at(chain, 'airdrop'), airdropAbi, 'claim', [BigInt(index), BigInt(amount), proof]);
  await send(chain, who, at(chain, 'opg'), opgAbi, 'delegate', [who.address]);
  return BigInt(amount);
}

/** Makes an account with tokens an operator. */
export async function becomeOperator(chain: Chain, who: Signer, stake: bigint, commissionBps = 500): Promise<void> {
  await send(chain, who, at(chain, 'opg'), opgAbi, 'approve', [at(chain, 'custodyVault'), parseEther('1000000000')]);
  await send(chain, who, at(chain, 'staking'), stakingAbi, 'register', [who.address, 1, commissionBps, stake, 'https://node.example', 'https://node.example/about.json']);
}
