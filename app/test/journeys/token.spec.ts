import { parseEther } from 'viem';
import { opgAbi } from '../../src/abi/opg.ts';
import { vestedAt } from '../../src/lib/vesting.ts';
import { alice, bob, carol, dora, stranger } from '../support/chain.ts';
import { grantOf } from '../support/actors.ts';
import { card, confirm, connect, expect, expectAccessible, test } from '../support/journey.ts';

test('claims the airdrop and delegates in one transaction', async ({ page, chain, visit, wallet: _ }) => {
  await visit('token');
  await connect(page);
  const airdrop = card(page, 'Airdrop');
  await expect(airdrop).toContainText('12,000,000 OPG');
  await airdrop.getByRole('button', { name: 'Claim and delegate' }).click();
  await confirm(page, 'Sign and claim');

  await expect(airdrop.getByText('claimed')).toBeVisible();
  await expect(card(page, 'Your OPG')).toContainText('12,000,000 OPG');
  const opg = { address: chain.book['opg']!, abi: opgAbi } as const;
  expect(await chain.client.readContract({ ...opg, functionName: 'getVotes', args: [alice.address] })).toBe(parseEther('12000000'));
});

test('claims vesting after its cliff, to another address, and finds it in the history', async ({ page, chain, visit, wallet }) => {
  await wallet.use(dora);
  await visit('token');
  await connect(page);
  const grant = card(page, /core contributors/i);
  await expect(grant.getByText('Claimable now').locator('..')).toContainText('0 OPG');
  await expect(grant.getByRole('button', { name: 'Claim', exact: true })).toBeDisabled();

  // To the middle of the three years after the cliff.
  await chain.pass(12 * 2_629_800 + 18 * 2_629_800 - 10 * 86_400);
  await expect(grant.getByRole('button', { name: 'Claim', exact: true })).toBeEnabled();
  await grant.getByText('Claim to another address').click();
  await grant.getByLabel('Recipient of the claim').fill(stranger.address);
  await grant.getByRole('button', { name: 'Review' }).click();
  await expect(page.getByRole('dialog')).toContainText(stranger.address);
  await confirm(page, 'Claim');

  const paid = await chain.client.readContract({ address: chain.book['opg']!, abi: opgAbi, functionName: 'balanceOf', args: [stranger.address] });
  const { start, cliff, duration, schedule } = grantOf(chain, 'core-contributors', dora.address);
  const { timestamp } = await chain.client.getBlock();
  expect(paid).toBe(vestedAt({ start, cliff, duration, ...schedule }, Number(timestamp)));
  await grant.getByText('History').click();
  await expect(grant.getByRole('table')).toContainText(stranger.address.slice(0, 8));
  const [file] = await Promise.all([page.waitForEvent('download'), grant.getByRole('button', { name: 'Save as CSV' }).click()]);
  expect(file.suggestedFilename()).toBe('opg-core-contributors-history.csv');
});

test('a delegation that one account signs and another submits', async ({ page, chain, visit, wallet }) => {
  await visit('token');
  await connect(page);
  await card(page, 'Airdrop').getByRole('button', { name: 'Claim and delegate' }).click();
  await confirm(page, 'Sign and claim');
  const delegate = card(page, 'Delegate');
  await delegate.getByLabel('Delegate to').fill(carol.address);
  await delegate.getByRole('button', { name: 'Sign only' }).click();
  await confirm(page, 'Sign');
  const message = await page.getByTestId('signed-message').textContent();

  await wallet.use(bob);
  const relay = card(page, 'Submit for somebody');
  await relay.getByLabel(/^Signed delegation/).fill(message ?? '');
  await relay.getByRole('button', { name: 'Review' }).click();
  await confirm(page, 'Submit');
  const votes = await chain.client.readContract({ address: chain.book['opg']!, abi: opgAbi, functionName: 'getVotes', args: [carol.address] });
  expect(votes).toBe(parseEther('12000000'));
});

test('sends tokens, and warns of an address that imitates a known one', async ({ page, chain, visit, wallet: _ }) => {
  await visit('token');
  await connect(page);
  await card(page, 'Airdrop').getByRole('button', { name: 'Claim and delegate' }).click();
  await confirm(page, 'Sign and claim');
  const send = card(page, 'Send');
  await send.getByLabel('Amount').fill('1,250.5');
  const twin = `0x${alice.address.slice(2, 8)}${'0'.repeat(28)}${alice.address.slice(-6)}`.toLowerCase();
  await send.getByLabel('Recipient').fill(twin);
  await expect(send).toContainText('looks like one that you know');
  await send.getByLabel('Recipient').fill(bob.address);
  await send.getByRole('button', { name: 'Review' }).click();
  await expect(page.getByRole('dialog')).toContainText('1,250.5 OPG');
  await confirm(page, 'Send');
  expect(await chain.client.readContract({ address: chain.book['opg']!, abi: opgAbi, functionName: 'balanceOf', args: [bob.address] })).toBe(parseEther('1250.5'));
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`the page of a holder is accessible in ${colorScheme}`, async ({ page, visit, wallet }) => {
    await page.emulateMedia({ colorScheme });
    await wallet.use(carol);
    await visit('token');
    await connect(page);
    await expect(card(page, /ecosystem/i).getByText('Claimable now')).toBeVisible();
    await expectAccessible(page);
  });
}
