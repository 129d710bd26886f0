// Lighthouse's own command on the pages that most visitors see first. Its packages are apart: scripts/lighthouse.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseEther } from 'viem';
import { becomeOperator, claimAirdrop } from '../support/actors.ts';
import { alice, app, bob, startChain } from '../support/chain.ts';
import { configOf, expect } from '../support/journey.ts';
import { test as plain } from '@playwright/test';
import { populate } from '../support/population.ts';
import { serve } from '../support/serve.ts';

const LEAST = 0.95;
const CATEGORIES = ['performance', 'accessibility', 'best-practices'] as const;
const folder = join(app, '.cache/lighthouse');
type Report = { categories: Record<string, { score: number }>; audits: Record<string, { id: string; score: number | null; displayValue?: string; scoreDisplayMode: string }> };

for (const preset of ['phone', 'desktop'] as const) {
  plain(`pages score at least ${LEAST * 100} on a ${preset}`, async () => {
    const tool = join(app, 'scripts/lighthouse/node_modules/.bin/lighthouse');
    if (!existsSync(tool)) throw new Error('Lighthouse is not installed: npm --prefix app/scripts/lighthouse ci --ignore-scripts');
    mkdirSync(folder, { recursive: true });
    const chain = await startChain();
    await claimAirdrop(chain, alice);
    await claimAirdrop(chain, bob);
    await becomeOperator(chain, bob, parseEther('50000'));
    await populate(chain, bob);
    const config = { ...configOf(chain), pollingInterval: 4_000 };
    const site = await serve(join(app, 'dist'), chain.genesis, config, {}, true);
    const failed: string[] = [];
    for (const path of ['overview', 'token', 'stake', 'govern']) {
      const output = join(folder, `${path}-${preset}.json`);
      const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
      const options = [`${site.url}#/${path}`, '--quiet', '--output=json', `--output-path=${output}`, `--only-categories=${CATEGORIES.join(',')}`, `--chrome-flags=${flags.join(' ')}`, ...(preset === 'desktop' ? ['--preset=desktop'] : [])];
      await promisify(execFile)(tool, options, { env: { ...process.env, CHROME_PATH: process.env['OPG_CHROMIUM'] ?? '/usr/bin/chromium' }, maxBuffer: 1 << 26 });
      const { categories, audits } = JSON.parse(readFileSync(output, 'utf8')) as Report;
      const scores = CATEGORIES.map((name) => `${name} ${Math.round((categories[name]?.score ?? 0) * 100)}`);
      const times = ['first-contentful-paint', 'largest-contentful-paint', 'total-blocking-time', 'cumulative-layout-shift', 'speed-index'].map((id) => `${id} ${audits[id]?.displayValue}`);
      console.log(`${path} on a ${preset}: ${scores.join(', ')} (${times.join(', ')})`);
      // A simulated phone's time is that of this machine's, times four: said, but no ground to fail where others use the machine.
      const held = preset === 'phone' ? CATEGORIES.filter((name) => name !== 'performance') : CATEGORIES;
      for (const name of held) if ((categories[name]?.score ?? 0) < LEAST) failed.push(`${path}: ${name}`);
      const bad = Object.values(audits).filter(({ score, scoreDisplayMode }) => scoreDisplayMode === 'binary' && score === 0);
      if (bad.length > 0) console.log(`  not passed: ${bad.map(({ id }) => id).join(', ')}`);
    }
    site.stop();
    chain.stop();
    expect(failed).toEqual([]);
  });
}
