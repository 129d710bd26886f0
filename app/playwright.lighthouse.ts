import base from './playwright.config.ts';

// Lighthouse on the built page, with a chain behind it: `npm --prefix app run lighthouse`.
export default { ...base, testDir: './test/lighthouse', timeout: 1_800_000, reporter: [['list']] as [['list']] };
