import { defineConfig } from '@playwright/test';

// Chromium of the system: no test tool may fetch a browser of its own. `OPG_CHROMIUM` names another one.
export default defineConfig({
  testDir: 'test/journeys',
  globalSetup: './test/support/chain.ts',
  outputDir: '.cache/journeys',
  // One chain, taken back after each journey, and one browser.
  workers: 1,
  fullyParallel: false,
  timeout: 90_000,
  expect: { timeout: 20_000 },
  forbidOnly: true,
  reporter: [['list']],
  use: {
    browserName: 'chromium',
    headless: true,
    viewport: { width: 1280, height: 900 },
    launchOptions: {
      executablePath: process.env['OPG_CHROMIUM'] ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    },
  },
});
