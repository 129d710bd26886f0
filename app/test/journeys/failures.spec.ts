import { parseEther } from 'viem';
import { opgAbi } from '../../src/abi/opg.ts';
import { at, claimAirdrop } from '../support/actors.ts';
import { alice, bob } from '../support/chain.ts';
import { card, confirm, connect, expect, test } from '../support/journey.ts';

test('a signature that the person declines is no error', async ({ page, visit, wallet }) => {
  await visit('token');
  await connect(page);
  await card(page, 'Airdrop').getByRole('button', { name: 'Claim and delegate' }).click();
  wallet.declineNext();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Sign and claim' }).click();
  await expect(dialog).toContainText('You declined in the wallet');
  // The same dialog goes on where it stopped.
  await dialog.getByRole('button', { name: 'Try again' }).click();
  await expect(dialog.getByText('Done', { exact: true })).toBeVisible();
});

test('a transaction that fails on the chain is explained', async ({ page, chain, visit, wallet }) => {
  await visit('token');
  await connect(page);
  await card(page, 'Airdrop').getByRole('button', { name: 'Claim and delegate' }).click();
  // Between the page's check and the block, the same claim comes from elsewhere.
  wallet.beforeSend = async () => void (await claimAirdrop(chain, alice));
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Sign and claim' }).click();
  await expect(dialog).toContainText('This was claimed already');
  await expect(dialog).toContainText('A claim pays once'.toLowerCase());
});

test('what would fail is said before the wallet is asked', async ({ page, chain, visit, wallet: _ }) => {
  await claimAirdrop(chain, alice);
  await visit('token');
  await connect(page);
  const send = card(page, 'Send');
  await send.getByLabel('Recipient').fill(at(chain, 'custodyVault'));
  await send.getByLabel('Amount').fill('1');
  await send.getByRole('button', { name: 'Review' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('Tokens cannot be sent to the custody vault');
  await expect(dialog.getByRole('button', { name: 'Send' })).toBeDisabled();
});

test('an outage of the RPC is said, keeps the figures, and ends by itself', async ({ page, chain, visit, wallet: _ }) => {
  await claimAirdrop(chain, alice);
  await visit('token');
  await connect(page);
  await expect(card(page, 'Your OPG')).toContainText('12,000,000 OPG');
  await page.route(`${chain.url}/**`, (route) => route.abort());
  await expect(page.getByText('The chain cannot be reached')).toBeVisible();
  await expect(card(page, 'Your OPG')).toContainText('12,000,000 OPG');
  await page.unroute(`${chain.url}/**`);
  await expect(page.getByText('The chain cannot be reached')).toBeHidden();
});

test('a wallet on another chain cannot send until it is switched', async ({ page, visit, wallet }) => {
  await visit('token');
  await connect(page);
  await wallet.goTo(1);
  await expect(page.getByText('The wallet is on another chain')).toBeVisible();
  await card(page, 'Airdrop').getByRole('button', { name: 'Claim and delegate' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('button', { name: 'Sign and claim' })).toBeDisabled();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Switch to Devnet' }).click();
  await expect(page.getByText('The wallet is on another chain')).toBeHidden();
  await card(page, 'Airdrop').getByRole('button', { name: 'Claim and delegate' }).click();
  await confirm(page, 'Sign and claim');
});

test('a reorg under an open page takes back what the page showed', async ({ page, chain, visit, wallet: _ }) => {
  await claimAirdrop(chain, alice);
  await visit('token');
  await connect(page);
  const send = card(page, 'Send');
  await send.getByLabel('Recipient').fill(bob.address);
  await send.getByLabel('Amount').fill('2000000');
  await send.getByRole('button', { name: 'Review' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Send' }).click();
  await expect(dialog.getByText('Done', { exact: true })).toBeVisible();
  await expect(card(page, 'Your OPG')).toContainText('10,000,000 OPG');

  await chain.client.request({ method: 'anvil_reorg', params: [1, []] } as never);
  await expect(dialog).toContainText('The chain replaced the block with your transaction');
  await dialog.getByRole('button', { name: 'Close' }).click();
  await expect(page.getByText('The chain replaced its last blocks')).toBeVisible();
  await expect(card(page, 'Your OPG')).toContainText('12,000,000 OPG');
  expect(await chain.client.readContract({ address: at(chain, 'opg'), abi: opgAbi, functionName: 'balanceOf', args: [alice.address] })).toBe(parseEther('12000000'));
});
