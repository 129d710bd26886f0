import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';
import { HEADS } from './src/app/heads';

const escape = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/**
 * Writes navigation and headings into the HTML: of the headings, the style sheet shows the one that the address chooses. Lets
 * browsers fetch beside each other what boot.ts runs in turn.
 */
const shell = (): Plugin => ({
  name: 'opg-shell',
  transformIndexHtml: {
    order: 'post',
    handler(html, { bundle }) {
      const heads = Object.entries(HEADS);
      const links = heads.map(([name, { title }]) => `<a href="#/${name}">${escape(title)}</a>`);
      const headings = heads.map(([name, { title, lead }]) => `<div class="page-head early" id="/${name}"><div><h1>${escape(title)}</h1><p class="lead">${escape(lead)}</p></div></div>`);
      const needed = new Set<string>();
      const add = (file: string) => {
        const chunk = bundle?.[file];
        if (chunk?.type !== 'chunk' || needed.has(file)) return;
        needed.add(file);
        for (const next of chunk.imports) add(next);
      };
      for (const chunk of Object.values(bundle ?? {})) if (chunk.type === 'chunk' && chunk.isEntry) chunk.dynamicImports.forEach(add);
      return {
        html: html.replace('<!-- the pages -->', links.join('')).replace('<!-- the headings -->', headings.join('')),
        tags: [...needed].filter((file) => !html.includes(file)).map((file) => ({ tag: 'link', attrs: { rel: 'modulepreload', crossorigin: '', href: `./${file}` }, injectTo: 'head' as const })),
      };
    },
  },
});

// Relative addresses, so that the same files work at any path: a server's root, a sub-folder, an IPFS gateway.
export default defineConfig({
  base: './',
  plugins: [react(), shell()],
  build: {
    target: 'es2022',
    // The page's own policy forbids inline scripts and data: fonts; small files stay files.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 600,
  },
  test: { include: ['test/unit/**/*.test.ts', 'test/unit/**/*.test.tsx', 'client/test/**/*.test.ts'], environment: 'node' },
});
