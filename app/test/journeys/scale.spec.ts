// A few thousand of everything; `npm --prefix app run scale` makes it 5,000 proposals, 1,000 operators and 100,000 receipts.
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { claimAirdrop } from '../support/actors.ts';
import { alice, app, type Chain } from '../support/chain.ts';
import { answerCrowd, member, proposeCrowd, registerCrowd } from '../support/crowd.ts';
import { card, expect, test } from '../support/journey.ts';

const FULL = process.env['OPG_SCALE'] === 'full';
const SIZE = FULL ? { proposals: 5_000, operators: 1_000, receipts: 100_000, votesEach: 20 } : { proposals: 120, operators: 40, receipts: 4_000, votesEach: 20 };
const RANGE = 10_000n;
test.describe.configure({ timeout: FULL ? 3_600_000 : 180_000 });

/** Watches what a page asks for, and for how long it stands still at most. */
async function watch(page: Page) {
  const queries: { blocks: bigint }[] = [];
  page.on('response', (response) => {
    const request = response.request();
    if (request.method() !== 'POST') return;
    const calls = [request.postDataJSON()].flat() as { method: string; params: { fromBlock: string; toBlock: string }[] }[];
    const logs = calls.filter(({ method }) => method === 'eth_getLogs');
    for (const { params } of logs) if (params[0]) queries.push({ blocks: BigInt(params[0].toBlock) - BigInt(params[0].fromBlock) + 1n });
  });
  await page.addInitScript(() => {
    (window as unknown as { still: number }).still = 0;
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) (window as unknown as { still: number }).still = Math.max((window as unknown as { still: number }).still, duration);
    }).observe({ type: 'longtask', buffered: true });
  });
  return queries;
}

/** Opens a page anew, waits for what it shows, and has it answer to a click. */
async function open(page: Page, queries: { blocks: bigint }[], path: string, visit: (path: string) => Promise<void>, ready: () => Promise<void>): Promise<void> {
  await page.goto('about:blank');
  queries.length = 0;
  const start = Date.now();
  await visit(path);
  await ready();
  const shown = Date.now() - start;
  await page.getByRole('button', { name: 'Settings' }).click();
  await expect(page.getByRole('menuitemradio', { name: 'Dark' })).toBeVisible({ timeout: 3_000 });
  await page.keyboard.press('Escape');
  const still = await page.evaluate(() => (window as unknown as { still: number }).still);
  const widest = queries.reduce((most, { blocks }) => (blocks > most ? blocks : most), 0n);
  console.log(`${path}: shown after ${shown} ms, stood still for ${Math.round(still)} ms at most; ${queries.length} queries for logs, of ${widest} blocks at most`);
  expect(widest).toBeLessThanOrEqual(RANGE);
  // Five lists of a page, sixteen queries each.
  expect(queries.length).toBeLessThanOrEqual(80);
}

/** Fills the chain; returns the number of the last proposal. */
async function crowd(chain: Chain): Promise<string> {
  const began = Date.now();
  const took = () => `${Math.round((Date.now() - began) / 1_000)} s`;
  await claimAirdrop(chain, alice);
  await chain.pass(30);
  const id = await proposeCrowd(chain, SIZE.proposals, SIZE.votesEach, 40);
  if (FULL) console.log(`proposals and votes: ${took()}`);
  await registerCrowd(chain, SIZE.operators);
  if (FULL) console.log(`operators: ${took()}`);
  await answerCrowd(chain, SIZE.operators, SIZE.receipts);
  console.log(`${SIZE.proposals} proposals with ${SIZE.votesEach} votes each, ${SIZE.operators} operators and ${SIZE.receipts} answers in ${await chain.client.getBlockNumber()} blocks, made in ${took()}`);
  return String(id);
}

test('long lists come a page at a time, no query is unbounded, and pages answer', async ({ page, chain, visit }) => {
  const id = FULL ? await chain.once('crowd', () => crowd(chain)) : await crowd(chain);
  await chain.pass(10);
  const queries = await watch(page);

  const proposals = card(page, 'Proposals').getByRole('listitem');
  await open(page, queries, 'govern', visit, async () => {
    await expect(proposals).toHaveCount(8);
    await expect(proposals.first()).toContainText(`Proposal ${SIZE.proposals - 1}`);
  });
  await card(page, 'Proposals').getByRole('button', { name: 'Look further back' }).click();
  await expect(proposals).toHaveCount(16);

  const votes = card(page, 'Voters').getByRole('row');
  await open(page, queries, `govern/${id}`, visit, async () => {
    await page.getByRole('button', { name: 'Show who voted' }).click();
    await expect(card(page, 'Voters').getByRole('button', { name: 'Look further back' })).toBeVisible();
  });
  // Of thousands of votes in the same blocks, those on this proposal: found by going back as far as it takes.
  const further = card(page, 'Voters').getByRole('button', { name: 'Look further back' });
  await expect(async () => {
    if ((await votes.count()) === 0 && (await further.getAttribute('aria-busy')) === null) await further.click();
    await expect(votes).toHaveCount(51, { timeout: 500 });
  }).toPass({ timeout: 60_000 });
  await further.click();
  await expect(votes).toHaveCount(61);

  await open(page, queries, 'overview', visit, async () => {
    await expect(card(page, 'Inference').getByText('Answered', { exact: true }).locator('..')).toContainText('200+');
    await expect(card(page, 'Token and stake')).toContainText('Operators');
  });
  const operators = card(page, 'Operators').getByRole('row');
  await open(page, queries, 'stake', visit, async () => {
    await expect(operators).toHaveCount(26);
    await expect(card(page, 'Operators').getByText('of 24 h').first()).toBeVisible();
  });
  if (FULL) await page.screenshot({ path: join(app, '.cache/scale.png') });
  await card(page, 'Operators').getByRole('button', { name: 'More operators' }).click();
  await expect(operators).toHaveCount(Math.min(51, SIZE.operators + 1));
  await open(page, queries, `nodes/${member(1)}`, visit, () => expect(card(page, 'Latest answers on the chain').getByRole('row')).toHaveCount(11));

  // A new block costs a look at the newest blocks, not another walk through the history.
  queries.length = 0;
  await chain.pass(5);
  await expect.poll(() => queries.length).toBeGreaterThan(0);
  expect(queries.every(({ blocks }) => blocks <= 64n)).toBe(true);
});
