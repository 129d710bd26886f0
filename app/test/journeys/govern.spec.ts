import { keccak256, parseEther, toBytes } from 'viem';
import { governorAbi } from '../../src/abi/governor.ts';
import { inferenceHubAbi } from '../../src/abi/inferenceHub.ts';
import { at, claimAirdrop, send } from '../support/actors.ts';
import { alice, bob, type Chain, stranger } from '../support/chain.ts';
import { card, confirm, connect, expect, expectAccessible, serveWith, test } from '../support/journey.ts';

const read = (chain: Chain, functionName: string, args: readonly unknown[] = []) =>
  chain.client.readContract({ address: at(chain, 'governor'), abi: governorAbi, functionName, args } as never) as Promise<bigint | number>;
const periods = async (chain: Chain) => ({ delay: Number(await read(chain, 'votingDelay')), period: Number(await read(chain, 'votingPeriod')) });

/** Alice's proposal, made past the page. */
async function propose(chain: Chain, description: string): Promise<bigint> {
  const call = { targets: [at(chain, 'opg')], values: [0n], calldatas: ['0xa9059cbb' + bob.address.slice(2).padStart(64, '0') + parseEther('5').toString(16).padStart(64, '0')] };
  await send(chain, alice, at(chain, 'governor'), governorAbi, 'propose', [call.targets, call.values, call.calldatas, description]);
  return (await read(chain, 'hashProposal', [call.targets, call.values, call.calldatas, keccak256(toBytes(description))])) as bigint;
}

test('proposes, votes, queues and executes a change of a parameter', async ({ page, chain, visit, wallet: _ }) => {
  await claimAirdrop(chain, alice);
  await chain.pass(30);
  const { delay, period } = await periods(chain);
  await visit('govern/new');
  await connect(page);
  await page.getByLabel('Title').fill('Slower turns');
  await page.getByLabel(/^Why/).fill('Operators far away **lose** too often.');
  await page.getByLabel('Action').selectOption({ label: 'Change how operators take turns' });
  await page.getByLabel('Turn window (seconds)').fill('7');
  await page.getByLabel('Turn cap (seconds)').fill('33');
  await page.getByRole('button', { name: 'Add action' }).click();
  await expect(card(page, 'What it will do')).toContainText('33 seconds');
  await page.getByLabel('Action').selectOption({ label: 'Add a measurement of an enclave' });
  await page.getByLabel('Hardware').fill('intel-tdx');
  await page.getByLabel('Measurement', { exact: true }).fill(`0x${'5a'.repeat(32)}`);
  await page.getByLabel('Program').fill('Keeper, first version');
  await page.getByRole('button', { name: 'Add action' }).click();
  await expect(card(page, 'What it will do')).toContainText('intel-tdx (0x');
  await expect(card(page, 'What it will do').getByText('would work now')).toHaveCount(2);
  await expect(card(page, 'What it will do')).toContainText('would work now');
  await page.getByRole('button', { name: 'Review', exact: true }).click();
  await confirm(page, 'Propose');

  await page.getByRole('link', { name: 'Slower turns' }).click();
  await expect(page.getByText('Pending', { exact: true })).toBeVisible();
  await chain.pass(delay + 1);
  await page.getByLabel('For', { exact: true }).check();
  await page.getByLabel('Reason (optional)').fill('Fairer.');
  await page.getByRole('button', { name: 'Vote', exact: true }).click();
  await confirm(page, 'Vote');
  await expect(card(page, 'Your vote')).toContainText('you have voted');
  await expect(card(page, 'Votes')).toContainText('reached');
  await page.getByRole('button', { name: 'Show who voted' }).click();
  await expect(card(page, 'Voters').getByRole('table')).toContainText('Fairer.');

  await chain.pass(period + 1);
  await page.getByRole('button', { name: 'Queue', exact: true }).click();
  await confirm(page, 'Queue');
  await expect(page.getByText('Queued', { exact: true })).toBeVisible();
  await chain.pass(23 * 86_400);
  await page.getByRole('button', { name: 'Execute', exact: true }).click();
  await confirm(page, 'Execute');
  await expect(page.getByText('Executed', { exact: true }).first()).toBeVisible();

  const turns = await chain.client.readContract({ address: at(chain, 'inferenceHub'), abi: inferenceHubAbi, functionName: 'turnParameters' });
  expect(turns).toEqual([7, 33]);
  await visit('govern/parameters');
  await expect(card(page, 'On-chain inference')).toContainText('33 seconds');
  const measurement = card(page, 'Measurements of enclaves').getByRole('row').nth(1);
  await expect(measurement).toContainText('intel-tdx');
  await expect(measurement).toContainText('Keeper, first version');
  await expect(measurement).toContainText('approved');
});

test('a vote that one account signs and another submits, with its reason', async ({ page, chain, visit, wallet }) => {
  await claimAirdrop(chain, alice);
  await chain.pass(5);
  const { delay } = await periods(chain);
  const id = await propose(chain, '# Pay Bob\n\nFor his work.');
  await chain.pass(delay + 1);
  await visit(`govern/${id}`);
  await connect(page);
  await page.getByLabel('Against', { exact: true }).check();
  await page.getByLabel('Reason (optional)').fill('Too little.');
  await page.getByRole('button', { name: 'Sign only' }).click();
  await confirm(page, 'Sign');
  const message = await page.getByTestId('signed-message').textContent();

  await wallet.use(stranger);
  await visit('token');
  const relay = card(page, 'Submit for somebody');
  await relay.getByLabel(/^Signed delegation/).fill(message ?? '');
  await relay.getByRole('button', { name: 'Review' }).click();
  await expect(page.getByRole('dialog')).toContainText('Against');
  await confirm(page, 'Submit');
  expect(await read(chain, 'hasVoted', [id, alice.address])).toBe(true);
  expect(await read(chain, 'proposalVotes', [id])).toEqual([parseEther('12000000'), 0n, 0n]);
});

test('hostile text of a proposal stays text', async ({ page, chain, visit, wallet: _ }) => {
  await claimAirdrop(chain, alice);
  await chain.pass(5);
  const requests: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  const id = await propose(
    chain,
    [
      '# \u202eKindly\u202c <img src=x onerror="window.stolen=1">',
      '<script>window.stolen=1</script>',
      '<iframe src="javascript:window.top.stolen=1"></iframe>',
      '[claim](javascript:window.stolen=1) [bank](https://evil.example/ "x") ![pixel](https://evil.example/pixel.png)',
      '<a href="data:text/html,<script>window.stolen=1</script>">x</a>',
    ].join('\n\n'),
  );
  await visit('govern');
  await expect(page.getByRole('link', { name: /Kindly/ })).toBeVisible();
  await page.getByRole('link', { name: /Kindly/ }).click();
  const text = card(page, 'Text of the proposer');
  await expect(text).toContainText('<script>window.stolen=1</script>');
  await expect(text).toContainText('(evil.example)');
  await expect(text.getByRole('link')).toHaveCount(1);
  expect(await page.evaluate(() => (window as unknown as { stolen?: number }).stolen)).toBeUndefined();
  expect(await page.locator('main script, main iframe, main img').count()).toBe(0);
  expect(await page.locator('h1').textContent()).not.toContain('\u202e');
  expect(requests.filter((url) => url.includes('evil'))).toEqual([]);
  // Found without its block, too: the link that people share need not have it.
  await visit(`govern/${id}`);
  await expect(text).toContainText('window.stolen=1');
});

test('the pages of governance are accessible', async ({ page, chain, visit, wallet: _ }) => {
  await claimAirdrop(chain, alice);
  await chain.pass(5);
  const { delay } = await periods(chain);
  const id = await propose(chain, '# Pay Bob\n\nFor his work.');
  await chain.pass(delay + 1);
  await visit(`govern/${id}`);
  await connect(page);
  await expect(page.getByLabel('For', { exact: true })).toBeVisible();
  await expectAccessible(page);
  for (const path of ['govern', 'govern/new', 'govern/parameters', 'govern/delegates']) {
    await visit(path);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await expect(page.locator('.skeleton')).toHaveCount(0);
    await expectAccessible(page);
  }
});

test('a proposal that one account signs and another submits', async ({ page, chain, visit, wallet }) => {
  await claimAirdrop(chain, alice);
  await chain.pass(30);
  await visit('govern/new');
  await connect(page);
  await page.getByLabel('Title').fill('Reward Bob');
  await page.getByLabel('Action').selectOption({ label: 'Call a function by its name' });
  await page.getByLabel('Contract').fill(at(chain, 'opg'));
  await page.getByLabel('Function').fill('transfer(address to, uint256 value)');
  await page.getByLabel('Arguments (JSON)').fill(JSON.stringify([bob.address, 12.5]));
  await page.getByRole('button', { name: 'Add action' }).click();
  await expect(page.getByRole('alert')).toContainText('whole number in quotes');
  await page.getByLabel('Arguments (JSON)').fill(JSON.stringify([bob.address, parseEther('12.5').toString()]));
  await page.getByRole('button', { name: 'Add action' }).click();
  await expect(card(page, 'What it will do')).toContainText('12.5 OPG');
  await page.getByRole('button', { name: 'Sign only' }).click();
  await confirm(page, 'Sign');
  const message = await page.getByTestId('signed-message').textContent();

  await wallet.use(stranger);
  await visit('token');
  const relay = card(page, 'Submit for somebody');
  const field = relay.getByLabel(/^Signed delegation/);
  // What was signed is what is submitted: another recipient is another proposal, and nobody signed that.
  await field.fill((message ?? '').replaceAll(bob.address.slice(2).toLowerCase(), stranger.address.slice(2).toLowerCase()));
  await relay.getByRole('button', { name: 'Review' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('The signature does not fit');
  await expect(dialog.getByRole('button', { name: 'Submit' })).toBeDisabled();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await field.fill(message ?? '');
  await relay.getByRole('button', { name: 'Review' }).click();
  await expect(dialog).toContainText('Reward Bob');
  await expect(dialog).toContainText('12.5 OPG');
  await confirm(page, 'Submit');
  const [created] = await chain.client.getContractEvents({ address: at(chain, 'governor'), abi: governorAbi, eventName: 'ProposalCreated', fromBlock: 0n, strict: true });
  expect(created?.args.proposer).toBe(alice.address);
});

test('delegates say why, in words that only they can have signed, and how often they voted', async ({ page, chain, visit, wallet: _ }) => {
  await claimAirdrop(chain, alice);
  await claimAirdrop(chain, bob);
  await chain.pass(5);
  const { delay } = await periods(chain);
  const id = await propose(chain, '# Pay Bob\n\nFor his work.');
  await chain.pass(delay + 1);
  await send(chain, alice, at(chain, 'governor'), governorAbi, 'castVote', [id, 1]);
  await visit('govern/delegates');
  await connect(page);
  const hostile = 'I **read** everything. <img src=x onerror="window.stolen=1"> [claim](javascript:window.stolen=1)';
  await page.getByLabel(/^Why people should delegate/).fill(hostile);
  await card(page, 'Your statement').getByRole('button', { name: 'Review' }).click();
  await confirm(page, 'Sign');
  const own = JSON.parse((await page.getByTestId('signed-statement').textContent()) ?? '') as { text: string; writtenAt: string; delegate: string };
  // The publisher's file: Alice's words, words put into Bob's mouth, an older and a damaged entry.
  const file = [own, { ...own, delegate: bob.address, text: 'Delegate to Alice instead.' }, { ...own, text: 'Changed.', writtenAt: String(Number(own.writtenAt) - 5) }, { delegate: 7 }];
  const site = await serveWith(chain, { statements: 'statements.json' }, { 'statements.json': JSON.stringify(file) });
  await page.goto(`${site.url}#/govern/delegates`);
  const list = card(page, 'Delegates');
  await expect(list.getByRole('row').filter({ hasText: '1 of 1' })).toHaveCount(1);
  await expect(list.getByRole('row').filter({ hasText: '0 of 1' })).toHaveCount(1);
  await expect(list.getByText(/^Statement of/)).toHaveCount(1);
  await list.getByText(/^Statement of/).click();
  await expect(list).toContainText('<img src=x');
  await expect(list).not.toContainText('Delegate to Alice instead');
  expect(await page.locator('main img, main a[href^="javascript"]').count()).toBe(0);
  expect(await page.evaluate(() => (window as unknown as { stolen?: number }).stolen)).toBeUndefined();
  await expectAccessible(page);
  site.stop();
});
