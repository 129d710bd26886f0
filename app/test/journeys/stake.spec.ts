import { parseEther } from 'viem';
import { opgAbi } from '../../src/abi/opg.ts';
import { rewardsAbi } from '../../src/abi/rewards.ts';
import { stakingAbi } from '../../src/abi/staking.ts';
import { at, becomeOperator, claimAirdrop, send } from '../support/actors.ts';
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

test('an operator sees what earned its rewards, and claims them', async ({ page, chain, visit, wallet: _ }) => {
  await claimAirdrop(chain, alice);
  await claimAirdrop(chain, bob);
  await becomeOperator(chain, alice, parseEther('50000'), 1_000);
  const [rewards, staking] = [at(chain, 'rewards'), at(chain, 'staking')];
  await send(chain, bob, at(chain, 'opg'), opgAbi, 'approve', [at(chain, 'custodyVault'), parseEther('150000')]);
  await send(chain, bob, staking, stakingAbi, 'delegate', [alice.address, parseEther('150000'), 0n]);
  await send(chain, bob, at(chain, 'opg'), opgAbi, 'approve', [rewards, parseEther('1000')]);
  await send(chain, bob, rewards, rewardsAbi, 'fund', [parseEther('1000')]);
  const { epochLength } = await chain.client.readContract({ address: rewards, abi: rewardsAbi, functionName: 'parameters' });
  await chain.pass(epochLength + 1);
  await send(chain, bob, rewards, rewardsAbi, 'endEpoch', []);
  await chain.pass(epochLength / 2);
  await visit('stake');
  await connect(page);
  const mine = card(page, 'Your stake');
  const figure = (label: string) => mine.getByText(label, { exact: true }).locator('..');
  // A quarter of the stake is its own; of what the rest earns it keeps a tenth.
  const daily = async (label: string) => Number((await figure(label).locator('data').getAttribute('value')) ?? 0);
  await expect(figure('Flows each day as commission')).toContainText('OPG');
  expect((await daily('Flows each day to own stake')) / (await daily('Flows each day as commission'))).toBeCloseTo(0.25 / 0.075, 3);
  await expect(figure('Earned so far by work')).toContainText('0 OPG');
  await mine.getByRole('button', { name: 'Claim', exact: true }).click();
  await confirm(page, 'Claim');
  const events = await chain.client.getContractEvents({ address: rewards, abi: rewardsAbi, eventName: 'Claimed', fromBlock: 0n, strict: true });
  const paid = events.reduce((sum, { args }) => sum + args.amount, 0n);
  expect(paid).toBeGreaterThan(parseEther('1'));
  await expect.poll(async () => BigInt((await figure('Earned so far by stake and commission').locator('data').getAttribute('value')) ?? 0) >= paid).toBe(true);
  // How the commission changed is in the table.
  await send(chain, alice, staking, stakingAbi, 'setCommission', [900]);
  await card(page, 'Operators').getByText('history').click();
  await expect(card(page, 'Operators').getByRole('row').nth(1)).toContainText(/10 % from .*9 % from/);
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
