import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

// Relative addresses, so that the same files work at any path: a server's root, a sub-folder, an IPFS gateway.
export default defineConfig({
  base: './',
  plugins: [react()],
  build: {
    target: 'es2022',
    // The page's own policy forbids inline scripts and data: fonts; small files stay files.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 600,
  },
  test: { include: ['test/unit/**/*.test.ts', 'test/unit/**/*.test.tsx', 'client/test/**/*.test.ts'], environment: 'node' },
});
