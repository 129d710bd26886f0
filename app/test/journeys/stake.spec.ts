import { parseEther } from 'viem';
import { opgAbi } from '../../src/abi/opg.ts';
import { stakingAbi } from '../../src/abi/staking.ts';
import { at, becomeOperator, claimAirdrop } from '../support/actors.ts';
import { alice, bob } from '../support/chain.ts';
import { card, confirm, connect, expect, expectAccessible, test } from '../support/journey.ts';

test('stakes, unbonds, cancels, unbonds again and withdraws', async ({ page, chain, visit, wallet: _ }) => {
  await claimAirdrop(chain, alice);
  await claimAirdrop(chain, bob);
  await becomeOperator(chain, bob, parseEther('50000'));
  await visit('stake');
  await connect(page);
  await expect(card(page, 'Your stake')).toContainText('You have no stake');
  await page.getByRole('button', { name: `Stake at ${bob.address}` }).click();
  await page.getByLabel('Amount to stake').fill('1000.5');
  await card(page, /^Stake at/).getByRole('button', { name: 'Review' }).click();
  await confirm(page, 'Stake');
  const mine = card(page, 'Your stake');
  await expect(mine).toContainText('1,000.5 OPG');
  // Staked tokens go on voting.
  expect(await chain.client.readContract({ address: at(chain, 'opg'), abi: opgAbi, functionName: 'getVotes', args: [alice.address] })).toBe(parseEther('12000000'));

  const unbond = async (amount: string) => {
    await mine.getByRole('button', { name: 'Unbond', exact: true }).click();
    await mine.getByLabel('Amount to unbond').fill(amount);
    await mine.getByRole('button', { name: 'Review' }).click();
    await confirm(page, 'Unbond');
  };
  await unbond('400');
  await expect(mine.getByRole('table')).toContainText('400 OPG');
  await expect(mine.getByRole('table')).toContainText(/in \d+/);
  await mine.getByRole('button', { name: 'Cancel unbond' }).click();
  await confirm(page, 'Stake again');
  await expect(mine.getByRole('table')).toBeHidden();
  await expect(mine).toContainText('1,000.5 OPG');

  await unbond('250');
  const { unbondingPeriod } = await chain.client.readContract({ address: at(chain, 'staking'), abi: stakingAbi, functionName: 'parameters' });
  await chain.pass(unbondingPeriod + 1);
  await mine.getByRole('button', { name: 'Withdraw' }).click();
  await confirm(page, 'Withdraw');
  await expect(mine).toContainText('750.5 OPG');
  const held = await chain.client.readContract({ address: at(chain, 'opg'), abi: opgAbi, functionName: 'balanceOf', args: [alice.address] });
  expect(held).toBe(parseEther('12000000') - parseEther('750.5'));
});

test('the page of a staker is accessible on a phone', async ({ page, chain, visit, wallet: _ }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await claimAirdrop(chain, alice);
  await claimAirdrop(chain, bob);
  await becomeOperator(chain, bob, parseEther('50000'));
  await visit('stake');
  await connect(page);
  await page.getByRole('button', { name: `Stake at ${bob.address}` }).click();
  await expect(page.getByLabel('Amount to stake')).toBeVisible();
  await expectAccessible(page);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(overflow).toBeLessThanOrEqual(0);
});
