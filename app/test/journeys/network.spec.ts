import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { concat, keccak256, parseEther } from 'viem';
import { feeRouterAbi } from '../../src/abi/feeRouter.ts';
import { opgAbi } from '../../src/abi/opg.ts';
import { receiptBatchesAbi } from '../../src/abi/receiptBatches.ts';
import { stakingAbi } from '../../src/abi/staking.ts';
import { formatOpg } from '../../src/lib/format.ts';
import { at, becomeOperator, claimAirdrop, send } from '../support/actors.ts';
import { alice, bob } from '../support/chain.ts';
import { card, expect, expectAccessible, serveWith, test } from '../support/journey.ts';
import { batchLeaf, digestOf } from '../../client/src/index.ts';
import { populate } from '../support/population.ts';

const text = (value: unknown) => JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? part.toString() : part));

test('the network is shown, and a receipt is verified, without a wallet', async ({ page, chain, visit }) => {
  await claimAirdrop(chain, alice);
  await claimAirdrop(chain, bob);
  await becomeOperator(chain, bob, parseEther('50000'));
  const { receipt, signature } = await populate(chain, bob, 3);
  await visit('overview');
  await expect(card(page, 'Inference').getByText('Answered').locator('..')).toContainText('3');
  await expect(card(page, 'Token and stake')).toContainText('50,000 OPG');
  await expect(card(page, 'Unlock calendar').getByRole('row')).toHaveCount(7);
  await expectAccessible(page);

  await visit('receipts');
  const paste = page.getByLabel(/^Receipt with its signature/);
  const result = card(page, 'What the checks found');
  await paste.fill(text({ receipt, signature }));
  await expect(result).toContainText('Everything is right');
  await paste.fill(text({ receipt: { ...receipt, outputUnits: 4_000n }, signature }));
  await expect(result).toContainText('Do not rely on this receipt');
  await paste.fill(receipt.requestId);
  await expect(result).toContainText('Everything is right');
  await expectAccessible(page);
  // A mode that the operator did not sign for, and evidence that proves nothing.
  await paste.fill(text({ receipt: { ...receipt, mode: 1 }, signature }));
  await expect(result).toContainText('ties a key to an approved measurement');
  const claimed = { ...receipt, mode: 2 };
  const signed = await bob.sign({ hash: digestOf(claimed, 31337, at(chain, 'proofRegistry')) });
  await paste.fill(text({ receipt: claimed, signature: `${signed}${'00'.repeat(300)}` }));
  await expect(result).toContainText('By ');
  await expect(result).toContainText('It does not show that this model turns this input into this output');
  await expect(result).toContainText('Do not rely on this receipt');
  await paste.fill('{"receipt":{}}');
  await expect(page.getByText('This cannot be checked')).toBeVisible();
});

test('a gateway gives a receipt, whose batch is checked on the chain', async ({ page, chain }) => {
  await claimAirdrop(chain, alice);
  await claimAirdrop(chain, bob);
  await becomeOperator(chain, bob, parseEther('50000'));
  const { receipt, signature } = await populate(chain, bob, 1);
  const digest = digestOf(receipt, 31337, at(chain, 'proofRegistry'));
  const batches = at(chain, 'receiptBatches');
  const hash = keccak256('0x12');
  const leaves = [keccak256('0x34'), batchLeaf(1, 2, digest, signature)] as const;
  const [low, high] = leaves;
  const root = keccak256(concat([low, high]));
  const commitment = { operator: bob.address, root, count: 2, from: Number(receipt.issuedAt), to: Number(receipt.issuedAt), dataHash: hash };
  let answer: unknown = { receipt, signature, batch: { commitment, index: 1, proof: [low] } };
  const gateway = createServer((request, response) => {
    response.setHeader('access-control-allow-origin', '*');
    if (request.url === '/readyz') return void response.end('{"ready":true,"reasons":[]}');
    if (request.url === '/v1/models') return void response.end(text({ data: [{ id: 'chat', owned_by: bob.address, opg: { modelVersion: receipt.modelVersion, unitPrice: '1000000000000000' } }] }));
    if (request.url !== `/v1/receipts/${receipt.requestId}`) response.statusCode = 404;
    response.end(text(answer));
  });
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
  const site = await serveWith(chain, { gateways: [url] });
  await page.goto(`${site.url}#/receipts`);
  const paste = page.getByLabel(/^Receipt with its signature/);
  const result = card(page, 'What the checks found');
  await paste.fill(receipt.requestId);
  await expect(result).toContainText(`given by ${url}/`);
  await expect(result).toContainText('which is not on the chain yet');
  await send(chain, bob, batches, receiptBatchesAbi, 'postBatch', [bob.address, root, 2, receipt.issuedAt, receipt.issuedAt, hash, `${url}/b/12`]);
  await expect(result).toContainText('Receipt 2 of 2 in batch');
  await expect(result).toContainText('can be challenged until');
  await expectAccessible(page);
  // A node that lies about the place.
  answer = { receipt, signature, batch: { commitment, index: 0, proof: [low] } };
  await page.reload();
  await paste.fill(text({ receipt, signature }));
  await expect(result).toContainText('The proof does not lead from this receipt to the root');
  await expect(result).toContainText('Do not rely on this receipt');
  await page.goto(`${site.url}#/nodes`);
  await expect(card(page, /^Gateways/).getByRole('row').nth(1)).toContainText('0.001 OPG a unit');
  await expect(card(page, /^Gateways/)).toContainText('ready');
  await page.goto(`${site.url}#/overview`);
  await expect(card(page, 'Inference').getByText('Answers over HTTP, in batches').locator('..')).toContainText('2');
  site.stop();
  gateway.close();
});

test('what operators write about themselves cannot act', async ({ page, chain, visit }) => {
  await claimAirdrop(chain, bob);
  await becomeOperator(chain, bob, parseEther('50000'));
  await send(chain, bob, at(chain, 'staking'), stakingAbi, 'retire', []);
  await chain.pass(90_000);
  await send(chain, bob, at(chain, 'staking'), stakingAbi, 'register', [bob.address, 1, 100, parseEther('40000'), 'javascript:alert(1)', '\u202ehttps://evil.example"><img src=x>']);
  await visit(`nodes/${bob.address}`);
  await expect(page.locator('main')).toContainText('javascript:alert(1)');
  await expect(page.locator('main a[href^="javascript"], main img')).toHaveCount(0);
  await expect(page.locator('main')).not.toContainText('\u202e');
  await expectAccessible(page);
  await visit('models');
  await expect(page.getByText('No model is registered yet')).toBeVisible();
  await expectAccessible(page);
});

test('a page has its heading before any script ran', async ({ browser, site }) => {
  const page = await browser.newPage({ javaScriptEnabled: false });
  for (const [path, title] of [['stake', 'Stake'], ['', 'Overview']]) {
    await page.goto('about:blank');
    await page.goto(`${site.url}#/${path}`);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText([title ?? '']);
    await expect(page.getByRole('navigation').getByRole('link')).toHaveCount(7);
  }
  await page.close();
});

test('settings are kept: dark, and every digit', async ({ page, visit }) => {
  await visit('overview');
  await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByRole('menuitemradio', { name: 'Dark' }).click();
  await page.getByRole('menuitemcheckbox', { name: 'Show every digit of amounts' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await page.keyboard.press('Escape');
  await page.reload();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expect(card(page, 'Token and stake').getByText('Locked in the vault').locator('..')).toContainText(/\.\d{10,}/);
});

test('the keyboard reaches a wallet and a page', async ({ page, visit, wallet: _ }) => {
  await visit('overview');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await page.getByRole('button', { name: 'Connect wallet' }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Test wallet' })).toBeVisible();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Shift+Tab');
  await page.getByRole('button', { name: 'Test wallet' }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Connect wallet' })).toBeHidden();
  await page.getByRole('link', { name: 'Token', exact: true }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused();
});

test('operators are shown with what they answered and earned', async ({ page, chain, visit }) => {
  await claimAirdrop(chain, alice);
  await claimAirdrop(chain, bob);
  await becomeOperator(chain, bob, parseEther('50000'));
  const { receipt } = await populate(chain, bob, 2);
  const router = at(chain, 'feeRouter');
  const vault = await chain.client.readContract({ address: router, abi: feeRouterAbi, functionName: 'vaultOf', args: [bob.address, receipt.modelVersion] });
  const fees = () => chain.client.readContract({ address: router, abi: feeRouterAbi, functionName: 'feesOf', args: [0n, bob.address] });
  const [before] = await fees();
  await send(chain, alice, at(chain, 'opg'), opgAbi, 'transfer', [vault, parseEther('4000')]);
  await send(chain, bob, router, feeRouterAbi, 'sweep', [bob.address, receipt.modelVersion]);
  const [after] = await fees();
  expect(after - before).toBe(parseEther('4000'));
  await visit('stake');
  const row = card(page, 'Operators').getByRole('row').nth(1);
  await expect(row).toContainText('1 of 24 h');
  await expect(row).toContainText(formatOpg(after));
  await visit(`nodes/${bob.address}`);
  await expect(card(page, 'Fees earned').getByRole('row')).not.toHaveCount(0);
  await expect(card(page, 'Fees earned')).toContainText('To the model’s owner');
  await expect(page.getByText('Hours with answers, of the last 24').locator('..')).toContainText('1 of 24 h');
  await send(chain, bob, at(chain, 'staking'), stakingAbi, 'setCommission', [900]);
  await expect(card(page, 'Commission over time')).toContainText('9 %');
  // All of an address, for the pointer and for the keyboard.
  const address = page.locator('main .address span[tabindex]').first();
  await address.hover();
  await expect(page.getByRole('tooltip')).toHaveText(bob.address);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('tooltip')).toBeHidden();
  await address.focus();
  await expect(page.getByRole('tooltip')).toHaveText(bob.address);
  await expectAccessible(page);
});
