/**
 * Names of the pages and what each is for, in the order of the navigation. They are in the built page itself, so that it can
 * be read before any script ran.
 */
export const HEADS = {
  overview: { title: 'Overview', lead: 'Inference that can be checked, paid in OPG: what is asked and answered, by whom and at what stake, and what unlocks next. Every figure is read from the chain as you look.' },
  token: { title: 'Token', lead: 'Hold, send and delegate OPG; claim what is yours from the airdrop and from vesting. Whoever has no ether for the fee can sign, and let others submit it.' },
  stake: { title: 'Stake', lead: 'Back operators that answer requests. Your tokens keep their votes, and a slash of the operator can take a part of them.' },
  govern: { title: 'Govern', lead: 'Holders and stakers decide; what they decided waits before it happens, so that whoever disagrees can leave first.' },
  models: { title: 'Models', lead: 'What the network can be asked. A version never changes: its digests say which files it is. Names are chosen by their owners.' },
  nodes: { title: 'Nodes', lead: 'Operators that answer requests, with what they staked on answering rightly.' },
  receipts: { title: 'Receipts', lead: 'Check what an operator signed: in this browser, against the chain, step by step.' },
} as const;

/** The first part of a page's path. */
export type PageName = keyof typeof HEADS;

/** The page that a path begins with; the overview where it is empty, none where there is no such page. */
export const pageOf = (hash: string): PageName | undefined => {
  const name = hash.replace(/^#\/?/, '').split(/[/?]/)[0] || 'overview';
  return Object.hasOwn(HEADS, name) ? (name as PageName) : undefined;
};
