import type { Address, PublicClient } from 'viem';
import { opgAbi } from '../../abi/opg';
import { stakingAbi } from '../../abi/staking';
import type { Step } from '../../tx/plan';

/** The addresses that staking needs. Tokens are approved to the vault, which holds them, not to the contract that is called. */
export type StakingAddresses = { staking: Address; vault: Address; opg: Address };

/** A pool, as far as prices need it. */
export type Pool = { assets: bigint; shares: bigint };

// Prices fall by slashes only. A tenth of a percent covers rounding; what is more is worth a second look.
const least = (expected: bigint): bigint => (expected * 999n) / 1000n;

/** Fewest shares to accept for an amount. */
export const leastShares = (amount: bigint, { assets, shares }: Pool): bigint => least(assets === 0n || shares === 0n ? amount : (amount * shares) / assets);

/** Shares that are worth at least `amount` of a position, all of them for all of it. */
export function sharesFor(amount: bigint, position: { shares: bigint; amount: bigint }): bigint {
  if (amount >= position.amount || position.amount === 0n) return position.shares;
  const shares = (amount * position.shares + position.amount - 1n) / position.amount;
  return shares > position.shares ? position.shares : shares;
}

const call = (staking: Address, functionName: string, args: readonly unknown[]) => ({ address: staking, abi: stakingAbi, functionName, args });

/** Approves exactly the amount if less is approved, and stakes it. */
export function stakeSteps(client: PublicClient, { staking, vault, opg }: StakingAddresses, account: Address, operator: Address, amount: bigint, pool: Pool): Step[] {
  return [
    {
      kind: 'send',
      label: 'Let the custody vault take this amount',
      skip: async () => (await client.readContract({ address: opg, abi: opgAbi, functionName: 'allowance', args: [account, vault] })) >= amount,
      call: { address: opg, abi: opgAbi, functionName: 'approve', args: [vault, amount] },
    },
    { kind: 'send', label: 'Stake', call: call(staking, 'delegate', [operator, amount, leastShares(amount, pool)]) },
  ];
}

export const unbondStep = (staking: Address, operator: Address, account: Address, amount: bigint, position: { shares: bigint; amount: bigint }): Step => ({
  kind: 'send',
  label: 'Unbond',
  call: call(staking, 'unbond', [operator, account, sharesFor(amount, position), least(amount)]),
});

export const cancelStep = (staking: Address, operator: Address, account: Address, id: bigint): Step => ({
  kind: 'send',
  label: 'Stake again',
  call: call(staking, 'cancelUnbond', [operator, account, id]),
});

export const withdrawStep = (staking: Address, operator: Address, account: Address, id: bigint, amount: bigint): Step => ({
  kind: 'send',
  label: 'Withdraw',
  call: call(staking, 'withdraw', [operator, account, id, account, least(amount)]),
});

export const redelegateStep = (staking: Address, operator: Address, account: Address, id: bigint, to: Address, amount: bigint, pool: Pool): Step => ({
  kind: 'send',
  label: 'Move',
  call: call(staking, 'redelegate', [operator, account, id, to, leastShares(amount, pool)]),
});
