import type SignClient from '@walletconnect/sign-client';
import { type Address, getAddress, numberToHex, UserRejectedRequestError } from 'viem';
import { createConnector } from 'wagmi';
import type { AppConfig } from '../config/config';
import { showUri } from './uri';

/** What WalletConnect keeps of an agreed session. */
type Session = ReturnType<SignClient['session']['get']>;
type Request = { method: string; params?: unknown };

const METHODS = ['eth_sendTransaction', 'eth_signTypedData_v4', 'wallet_switchEthereumChain', 'wallet_addEthereumChain'];
/** Says that an earlier visit left a session: only then the library is loaded at the next one. */
const MARK = 'opg.walletConnect';
const GONE = { code: 6000, message: 'the person disconnected' };

/** `eip155:1:0x…` as chain and address. */
function readAccount(account: string): { chainId: number; address: Address } {
  const [, chain = '0', address = ''] = account.split(':');
  return { chainId: Number(chain), address: getAddress(address) };
}

/**
 * The library talks to the relay of the configuration and to nobody else. Its attestation of domains, which would load a
 * page of a third party into a frame, and its telemetry are off: the page's policy allows neither.
 */
async function startClient({ projectId, relay }: NonNullable<AppConfig['walletConnect']>): Promise<SignClient> {
  const { default: Client } = await import('@walletconnect/sign-client');
  const url = window.location.origin;
  const metadata = { name: 'OPG', description: 'Hold, stake and govern OPG', url, icons: [] };
  const client = await Client.init({ projectId, relayUrl: relay, metadata, telemetryEnabled: false, logger: 'silent' });
  Object.assign(client.core.verify, { isDevEnv: true });
  return client;
}

/** Wallets that scan a code or follow a link. Everything is loaded when somebody chooses it. */
export function walletConnect(options: NonNullable<AppConfig['walletConnect']>, chainId: number) {
  let starting: Promise<SignClient> | undefined;
  let session: Session | undefined;
  const start = () => (starting ??= startClient(options));
  const accounts = (): Address[] => {
    const all = (session?.namespaces['eip155']?.accounts ?? []).map(readAccount);
    return [...new Set(all.filter((account) => account.chainId === chainId).map(({ address }) => address))];
  };

  return createConnector(({ emitter }) => {
    const request = async ({ method, params }: Request): Promise<unknown> => {
      if (method === 'eth_accounts' || method === 'eth_requestAccounts') return accounts();
      if (method === 'eth_chainId') return numberToHex(chainId);
      if (!session) throw new Error('The wallet is not connected');
      const client = await start();
      return client.request({ topic: session.topic, chainId: `eip155:${chainId}`, request: { method, params: params ?? [] } });
    };
    const provider = { request };
    const end = () => {
      session = undefined;
      emitter.emit('disconnect');
    };
    const follow = (client: SignClient) => {
      client.on('session_delete', end);
      client.on('session_expire', end);
      client.on('session_update', ({ params }) => {
        if (!session) return;
        session = { ...session, namespaces: params.namespaces };
        emitter.emit('change', { accounts: accounts() });
      });
    };
    /** The session of an earlier visit, if it still holds for this chain. */
    const resume = async (): Promise<void> => {
      if (session) return;
      const client = await start();
      session = client.session.getAll().find(({ namespaces, expiry }) => expiry * 1000 > Date.now() && namespaces['eip155']?.accounts.some((account) => readAccount(account).chainId === chainId));
      if (session) follow(client);
    };
    const pair = async (): Promise<void> => {
      const client = await start();
      const namespace = { chains: [`eip155:${chainId}`], methods: METHODS, events: ['accountsChanged', 'chainChanged'] };
      const { uri, approval } = await client.connect({ optionalNamespaces: { eip155: namespace } });
      if (!uri) throw new Error('The relay gave no address to scan');
      const cancelled = showUri(uri);
      try {
        session = await Promise.race([approval(), cancelled]);
      } catch (error) {
        throw error instanceof Error && !/reject/i.test(error.message) ? error : new UserRejectedRequestError(error as Error);
      } finally {
        showUri(undefined);
      }
      if (accounts().length === 0) {
        await client.disconnect({ topic: session.topic, reason: GONE });
        session = undefined;
        throw new Error(`The wallet offers no account on chain ${chainId}`);
      }
      follow(client);
    };

    return {
      id: 'walletConnect',
      name: 'WalletConnect',
      type: 'walletConnect',
      async connect() {
        await resume();
        if (!session) await pair();
        window.localStorage.setItem(MARK, 'session');
        return { accounts: accounts(), chainId } as never;
      },
      async disconnect() {
        const [client, topic] = [await start(), session?.topic];
        session = undefined;
        window.localStorage.removeItem(MARK);
        if (topic) await client.disconnect({ topic, reason: GONE }).catch(() => undefined);
      },
      getAccounts: async () => accounts(),
      getChainId: async () => chainId,
      getProvider: async () => provider,
      // Asked for at every visit: the library is loaded only where an earlier visit left a session.
      async isAuthorized() {
        if (!session && !window.localStorage.getItem(MARK)) return false;
        await resume();
        if (!session) window.localStorage.removeItem(MARK);
        return session !== undefined;
      },
      onAccountsChanged() {},
      onChainChanged() {},
      onDisconnect: end,
    };
  });
}
