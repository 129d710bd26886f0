import { type Hex, parseEther } from 'viem';
import { opgAbi } from '../../src/abi/opg.ts';
import { at, claimAirdrop, send } from '../support/actors.ts';
import { alice, bob, carol, type Chain } from '../support/chain.ts';
import { card, confirm, expect, expectAccessible, serveWith, test } from '../support/journey.ts';
import { startRelay, startRemoteWallet } from '../support/relay.ts';
import { deploySafe, startSafePage } from '../support/safe.ts';

const read = (chain: Chain, functionName: 'balanceOf' | 'getVotes', account: `0x${string}`) => chain.client.readContract({ address: at(chain, 'opg'), abi: opgAbi, functionName, args: [account] });

/** A Safe of Alice and Bob with 1,000 OPG, and the page that shows it. */
async function startSafe(chain: Chain, page: Parameters<typeof startSafePage>[0]) {
  await claimAirdrop(chain, alice);
  const safe = await deploySafe(chain, [alice, bob]);
  await send(chain, alice, at(chain, 'opg'), opgAbi, 'transfer', [safe.address, parseEther('1000')]);
  return { safe, outer: await startSafePage(page, safe) };
}

test('a Safe sends and signs what its owners agreed to', async ({ page, chain }) => {
  const { safe, outer } = await startSafe(chain, page);
  const site = await serveWith(chain, { safe: [outer.origin] });
  const app = await outer.open(`${site.url}#/token`);
  await expect(card(app, 'Your OPG')).toContainText('1,000 OPG');
  await card(app, 'Send').getByLabel('Recipient').fill(carol.address);
  await card(app, 'Send').getByLabel('Amount').fill('250');
  await card(app, 'Send').getByRole('button', { name: 'Review' }).click();
  const dialog = app.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Send', exact: true }).click();
  await expect(dialog).toContainText('Safe has it, and waits for its signers');
  expect(await read(chain, 'balanceOf', carol.address)).toBe(0n);
  await safe.execute();
  await expect(dialog.getByText('Done', { exact: true })).toBeVisible();
  expect(await read(chain, 'balanceOf', carol.address)).toBe(parseEther('250'));
  await dialog.getByRole('button', { name: 'Close' }).click();

  await card(app, 'Delegate').getByLabel('Delegate to').fill(carol.address);
  await card(app, 'Delegate').getByRole('button', { name: 'Sign only' }).click();
  await dialog.getByRole('button', { name: 'Sign', exact: true }).click();
  await expect(dialog).toContainText('confirm in Safe');
  outer.ownersSign();
  await expect(dialog.getByText('Done', { exact: true })).toBeVisible();
  const message = JSON.parse((await app.getByTestId('signed-message').textContent()) ?? '') as { nonce: string; expiry: string; signature: Hex };
  await send(chain, bob, at(chain, 'opg'), opgAbi, 'delegateBySig', [safe.address, carol.address, BigInt(message.nonce), BigInt(message.expiry), message.signature]);
  expect(await read(chain, 'getVotes', carol.address)).toBe(parseEther('750'));
  site.stop();
  outer.stop();
});

test('a page around this one gets nothing unless the configuration names it', async ({ page, chain }) => {
  const { outer } = await startSafe(chain, page);
  const other = await serveWith(chain, { safe: ['https://safe.example'] });
  const stranger = await outer.open(`${other.url}#/token`);
  await expect(stranger.getByRole('button', { name: 'Connect wallet' })).toBeVisible();
  await stranger.getByRole('button', { name: 'Connect wallet' }).click();
  await stranger.getByRole('button', { name: 'Safe' }).click();
  await expect(stranger.getByRole('dialog').getByRole('alert')).toBeVisible();
  other.stop();
  const none = await serveWith(chain, {});
  const framed = await outer.open(none.url);
  await expect(framed.getByText('Open it by itself')).toBeVisible();
  none.stop();
  outer.stop();
});

test('a wallet on another device connects by a code, sends, declines and leaves', async ({ page, chain }) => {
  await claimAirdrop(chain, alice);
  const relay = await startRelay();
  const wallet = await startRemoteWallet(relay.url, chain.url, alice);
  const site = await serveWith(chain, { walletConnect: { projectId: 'tests', relay: relay.url } });
  const strangers: string[] = [];
  page.on('request', (request) => request.url().startsWith('http://127.0.0.1:') || request.url().startsWith('data:') || strangers.push(request.url()));
  page.on('websocket', (socket) => socket.url().startsWith(relay.url) || strangers.push(socket.url()));
  await page.goto(`${site.url}#/token`);
  await page.getByRole('button', { name: 'Connect wallet' }).click();
  await page.getByRole('button', { name: 'WalletConnect' }).click();
  await expect(page.getByRole('img', { name: 'Code to scan with a wallet' })).toBeVisible();
  await expectAccessible(page);
  await wallet.pair((await page.getByTestId('connection-uri').textContent()) ?? '');
  await expect(card(page, 'Your OPG')).toContainText('12,000,000 OPG');

  const transfer = async () => {
    await card(page, 'Send').getByLabel('Recipient').fill(carol.address);
    await card(page, 'Send').getByLabel('Amount').fill('7');
    await card(page, 'Send').getByRole('button', { name: 'Review' }).click();
  };
  await transfer();
  await confirm(page, 'Send');
  expect(await read(chain, 'balanceOf', carol.address)).toBe(parseEther('7'));
  await transfer();
  wallet.declineNext();
  await page.getByRole('dialog').getByRole('button', { name: 'Send', exact: true }).click();
  await expect(page.getByRole('dialog')).toContainText('You declined in the wallet');
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();

  // The session outlives the page, until the wallet ends it.
  await page.reload();
  await expect(card(page, 'Your OPG')).toContainText('11,999,993 OPG');
  await wallet.disconnect();
  await expect(page.getByRole('button', { name: 'Connect wallet' })).toBeVisible();
  expect(wallet.asked).toEqual(['eth_sendTransaction', 'eth_sendTransaction']);
  expect(strangers).toEqual([]);
  wallet.stop();
  relay.stop();
  site.stop();
});

test('without a project id nothing of WalletConnect is offered, loaded or allowed', async ({ page, visit }) => {
  const scripts: string[] = [];
  page.on('response', (response) => void (response.url().endsWith('.js') && scripts.push(response.url())));
  await visit('token');
  await page.getByRole('button', { name: 'Connect wallet' }).click();
  await expect(page.getByText('No wallet found in this browser')).toBeVisible();
  await expect(page.getByRole('button', { name: 'WalletConnect' })).toHaveCount(0);
  const bodies = await Promise.all(scripts.map((url) => page.request.get(url).then((response) => response.text())));
  expect(bodies.filter((body) => body.includes('irn_publish'))).toEqual([]);
  const policy = await page.locator('meta[http-equiv="Content-Security-Policy"]').getAttribute('content');
  expect(policy).not.toMatch(/wss?:/);
});
