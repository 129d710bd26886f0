import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, test } from 'vitest';
import { imitated, readAddress } from '../../src/lib/address.ts';
import { toCsv } from '../../src/lib/csv.ts';
import { cleanLine, cleanText, proposalBody, proposalTitle, safeUrl } from '../../src/lib/text.ts';
import { Markdown } from '../../src/ui/Markdown.tsx';

describe('markdown of strangers', () => {
  const draw = (text: string) => renderToStaticMarkup(<Markdown text={text} />);

  test.each([
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '<svg/onload=alert(1)>',
    '<a href="javascript:alert(1)">x</a>',
    '[x](javascript:alert(1))',
    '[x](JaVaScRiPt:alert(1))',
    '[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)',
    '[x](vbscript:x)',
    '[x](//evil.example)',
    '[x](http://evil.example)',
    '[x](https://user@evil.example)',
    '[x]: javascript:alert(1)\n[x]',
    '<javascript:alert(1)>',
    '![x](https://evil.example/pixel.png)',
    '<iframe src="https://evil.example"></iframe>',
    '```html\n<script>alert(1)</script>\n```',
    '<style>body{display:none}</style>',
    '<form action=https://evil.example><input name=seed></form>',
  ])('%s becomes no element that acts', (text) => {
    const html = draw(text);
    expect(html).not.toMatch(/<(script|img|svg|iframe|style|form|input|object|embed|base|meta|link)\b/i);
    expect(html).not.toMatch(/<a\b/i);
    expect(html).not.toMatch(/<[^>]*\son\w+=/i);
  });

  test('a good link says where it leads, and gives nothing away', () => {
    const html = draw('[your bank](https://evil.example/login)');
    expect(html).toContain('(evil.example)');
    expect(html).toContain('rel="noopener noreferrer nofollow ugc"');
  });

  test('deep nesting ends', () => {
    expect(draw('> '.repeat(3_000) + 'x').length).toBeLessThan(20_000);
  });
});

describe('text of strangers', () => {
  test('cannot reorder, hide or cut', () => {
    expect(cleanLine('pay \u202e01x0\u202c me\u200b\u0000')).toBe('pay 01x0 me');
    expect(cleanText('a\u2066b\u2069\u{e0041}c')).toBe('abc');
    expect(cleanLine('x'.repeat(500), 10)).toBe(`${'x'.repeat(10)}…`);
  });

  test('a title is the first heading, never the reservation for a proposer', () => {
    const proposer = `#proposer=0x${'ab'.repeat(20)}`;
    expect(proposalTitle(`${proposer}`)).not.toContain('  ');
    expect(proposalTitle(`intro\n## Real title\n${proposer}`)).toBe('Real title');
    expect(proposalBody(`# T\n\nWhy.\n\n${proposer}`)).toBe('Why.');
    expect(proposalTitle('')).toBe('Untitled proposal');
  });

  test('only plain https addresses become links', () => {
    expect(safeUrl('https://example.org/a')?.host).toBe('example.org');
    for (const url of ['http://example.org', 'https://a@b.c', 'javascript:1', 'https://ex\u200bample.org', 'ipfs://x']) expect(safeUrl(url)).toBeUndefined();
  });

  test('no cell of a table becomes a formula', () => {
    expect(toCsv([['=1+1', '+x', '-2', '@y', 'a,"b"']])).toBe(`'=1+1,'+x,-2,'@y,"a,""b"""\r\n`);
  });
});

describe('addresses', () => {
  const known = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';
  test('that imitate a known one are found, the known one is not', () => {
    expect(imitated(`0x7099${'0'.repeat(32)}79c8`, [known])).toBe(known);
    expect(imitated(known.toLowerCase(), [known])).toBeUndefined();
    expect(imitated('0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC', [known])).toBeUndefined();
  });

  test('with a wrong checksum, or none at all, are refused', () => {
    expect(readAddress(known.replace('dc3A', 'Dc3A'))).toHaveProperty('problem');
    expect(readAddress(known.slice(0, -1))).toHaveProperty('problem');
    expect(readAddress(`0x${'0'.repeat(40)}`)).toHaveProperty('problem');
    expect(readAddress(known.toLowerCase())).toEqual({ address: known });
  });
});
