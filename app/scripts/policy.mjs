// The policy of the page, widened by what a configuration needs and by nothing else.

const CONNECT = "connect-src 'self'";
const RELAY = 'wss://relay.walletconnect.org';

/** Origin of an address, or none where it lies beside the page. Throws for what could end the policy. */
function originOf(address) {
  if (!/^[a-z]+:\/\//i.test(address)) return undefined;
  const { protocol, host } = new URL(address);
  if (!['https:', 'http:', 'wss:', 'ws:'].includes(protocol) || !/^[\w.:[\]-]+$/.test(host)) throw new Error(`"${address}" cannot stand in a policy`);
  return `${protocol}//${host}`;
}

/** Origins that a page with this `config.json` connects to, besides its own. */
export function originsOf({ rpc = [], gateways = [], statements, genesis, walletConnect }) {
  const addresses = [...rpc, ...gateways, statements, genesis, walletConnect && (walletConnect.relay ?? RELAY)].filter((address) => address !== undefined);
  return [...new Set(addresses.map(originOf).filter((origin) => origin !== undefined))];
}

/** The page with a policy that lets it reach what `config` names. */
export function widen(html, config) {
  if (!html.includes(CONNECT)) throw new Error('the page has no policy to widen');
  return html.replace(/connect-src 'self'[^;]*/, [CONNECT, ...originsOf(config)].join(' '));
}
