import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test as base, expect, type Frame, type Page } from '@playwright/test';
import { alice, app, type Chain, startChain } from './chain.ts';
import { serve } from './serve.ts';
import { TestWallet } from './wallet.ts';

type Site = { url: string };
type Fixtures = { wallet: TestWallet; visit: (path: string) => Promise<void>; complaints: string[] };

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** `config.json` of a page for this chain. */
export function configOf(chain: Chain, more: Record<string, unknown> = {}) {
  const { operators: _, chainId: __, ...contracts } = chain.book as Record<string, unknown>;
  return { chainId: 31337, rpc: [chain.url], contracts, genesis: 'genesis/', pollingInterval: 300, names: {}, ...more };
}

/** Serves the page with another configuration than the journeys' usual one. */
export const serveWith = (chain: Chain, more: Record<string, unknown>, files: Record<string, string> = {}) => serve(join(app, 'dist'), chain.genesis, configOf(chain, more), files);

/** Journeys: a chain of their own for all of them, taken back after each, and a wallet of Alice's. */
export const test = base.extend<Fixtures & { restore: void }, { chain: Chain; site: Site }>({
  chain: [
    async ({}, use) => {
      const chain = await startChain(process.env['OPG_SCALE'] === 'full');
      await use(chain);
      chain.stop();
    },
    { scope: 'worker', timeout: 300_000 },
  ],
  site: [
    async ({ chain }, use) => {
      const server = await serve(join(app, 'dist'), chain.genesis, configOf(chain));
      await use({ url: server.url });
      server.stop();
    },
    { scope: 'worker' },
  ],
  restore: [
    async ({ chain }, use) => {
      const { timestamp } = await chain.client.getBlock();
      const id = await chain.client.snapshot();
      await use();
      await chain.client.revert({ id });
      // Reverting leaves the clock where it was moved to: a few journeys later all would have vested.
      await chain.client.request({ method: 'evm_setTime', params: [Number(timestamp)] } as never);
    },
    { auto: true },
  ],
  // What the browser complains about: errors in scripts, and everything that the page's policy had to stop.
  complaints: [
    async ({ page }, use) => {
      const complaints: string[] = [];
      page.on('pageerror', (error) => complaints.push(String(error)));
      page.on('console', (message) => {
        if (/Content Security Policy|Trusted/i.test(message.text())) complaints.push(message.text());
      });
      await use(complaints);
      expect(complaints).toEqual([]);
    },
    { auto: true },
  ],
  wallet: async ({ page, chain }, use) => {
    const wallet = new TestWallet(page, chain.url, alice);
    await wallet.install();
    await use(wallet);
  },
  visit: async ({ page, site }, use) => {
    await use(async (path) => void (await page.goto(`${site.url}#/${path}`)));
  },
});

/** Connects the wallet through the page's own dialog. */
export async function connect(page: Page | Frame): Promise<void> {
  await page.getByRole('button', { name: 'Connect wallet' }).click();
  await page.getByRole('button', { name: 'Test wallet' }).click();
  await expect(page.getByRole('button', { name: 'Connect wallet' })).toBeHidden();
}

/** The card with a heading. */
export const card = (page: Page | Frame, title: string | RegExp) => page.locator('section.card', { has: page.getByRole('heading', { name: title, exact: typeof title === 'string' }) });

/** Signs what the open dialog shows, waits until it is done, and closes it. */
export async function confirm(page: Page | Frame, action: string): Promise<void> {
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: action, exact: true }).click();
  await expect(dialog.getByText('Done', { exact: true })).toBeVisible();
  await dialog.getByRole('button', { name: 'Close' }).click();
  await expect(dialog).toBeHidden();
}

/** Fails with what axe finds wrong on the page as it is. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(axeSource);
  const violations = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run: (context: Document, options: object) => Promise<{ violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[] }> } };
    const result = await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] });
    return result.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary?.slice(0, 200)}`).join(' | ')}`);
  });
  expect(violations).toEqual([]);
}

export { expect };
