// What is built: how much of it the first page needs, and that it asks nobody but its own server.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { HEADS } from '../../src/app/heads';

const dist = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'dist');
const read = (file: string) => readFileSync(join(dist, file), 'utf8');

/** Scripts that a script loads at once, itself included. */
function closure(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const text = read(`assets/${file}`);
  for (const [, name] of text.matchAll(/(?:from|import)\s*["'`]\.\/([\w.-]+\.js)["'`]/g)) if (name) closure(name, seen);
  return seen;
}

describe.runIf(existsSync(dist))('the build', () => {
  const index = read('index.html');
  const scripts = readdirSync(join(dist, 'assets')).filter((file) => file.endsWith('.js'));

  test('needs at most 250 kB of compressed JavaScript for the overview', () => {
    // What boot.ts runs in turn is named in the HTML, so that it comes at once.
    const named = [...index.matchAll(/(?:src|href)="\.\/assets\/([\w.-]+\.js)"/g)].map(([, file]) => file ?? '');
    const overview = scripts.find((file) => file.startsWith('Overview-')) ?? '';
    const chart = scripts.find((file) => file.startsWith('Chart-')) ?? '';
    // The chart is drawn once its figures are there, and counts all the same.
    const first = new Set([...named, overview, chart].flatMap((file) => [...closure(file)]));
    const bytes = [...first].reduce((sum, file) => sum + gzipSync(read(`assets/${file}`), { level: 9 }).length, 0);
    console.log(`first load of the overview: ${(bytes / 1000).toFixed(1)} kB in ${first.size} scripts`);
    expect(bytes).toBeLessThanOrEqual(250_000);
    expect(bytes).toBeGreaterThan(50_000);
    // Nothing that every page runs first is missing there.
    const entry = /src="\.\/assets\/([\w-]+\.js)"/.exec(index)?.[1] ?? '';
    const boot = [...read(`assets/${entry}`).matchAll(/import\([`"']\.\/([\w-]+\.js)[`"']\)/g)].map(([, file]) => file);
    expect(boot.length).toBeGreaterThanOrEqual(3);
    for (const file of boot) expect(named).toContain(file);
  });

  test('shows the heading of each page before any script ran', () => {
    for (const [name, { title, lead }] of Object.entries(HEADS)) {
      expect(index).toContain(`<div class="page-head early" id="/${name}"><div><h1>${title}</h1><p class="lead">${lead}</p>`);
      expect(index).toContain(`<a href="#/${name}">${title}</a>`);
    }
    // The first one is painted before the address is known: were another one longer, it would count as painted late.
    const [first = 0, ...others] = Object.values(HEADS).map(({ lead }) => lead.length);
    expect(Math.max(...others)).toBeLessThan(first);
  });

  test('has no inline script, style or handler, and only relative addresses', () => {
    expect(index).not.toMatch(/<script(?![^>]*\bsrc=)/);
    expect(index).not.toMatch(/<style|\son\w+=|style=/);
    for (const [, address] of index.matchAll(/(?:src|href)="([^"]+)"/g)) expect(address).toMatch(/^(\.|#)\//);
  });

  test('forbids everything that it does not need', () => {
    const policy = /Content-Security-Policy"\s+content="([^"]+)"/.exec(index)?.[1] ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("connect-src 'self';");
    expect(policy).toContain("require-trusted-types-for 'script'");
    expect(policy).not.toMatch(/unsafe|\*|https:/);
  });
});
