import base from './playwright.config.ts';

// Pictures of every page, for people to look at: `make app-screens`.
export default { ...base, testDir: './test/screens', reporter: [['list']] as [['list']] };
