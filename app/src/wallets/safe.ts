import type SafeAppsSDK from '@safe-global/safe-apps-sdk';
import { type Address, getAddress, type Hex, isHex, numberToHex, withTimeout } from 'viem';
import { createConnector } from 'wagmi';

type Asked = { method: string; params?: unknown };
type Transaction = { to: string; data?: string; value?: string };

/** Milliseconds after which a page around this one is taken for none that shows a Safe. */
const PATIENCE = 5_000;
const INTERVAL = 2_000;

const exactly = (origin: string) => new RegExp(`^${origin.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`);

/** A message that the owners sign outside of the chain: asks until enough of them did. */
async function signatureOf(sdk: SafeAppsSDK, messageHash: string): Promise<Hex> {
  for (;;) {
    const signature = await sdk.safe.getOffChainSignature(messageHash).catch(() => '');
    if (isHex(signature) && signature.length > 2) return signature;
    await new Promise((resolve) => setTimeout(resolve, INTERVAL));
  }
}

/**
 * The Safe within whose page this one is shown. What is sent becomes a proposal to its owners, known by the Safe's number
 * of it; what is signed is stood for by the Safe's contract. Only pages of the given origins are answered.
 */
export function safeApp(origins: readonly string[]) {
  let starting: Promise<{ sdk: SafeAppsSDK; address: Address; chainId: number }> | undefined;
  const start = () =>
    (starting ??= (async () => {
      const { default: Sdk } = await import('@safe-global/safe-apps-sdk');
      const sdk = new Sdk({ allowedDomains: origins.map(exactly) });
      const { safeAddress, chainId } = await withTimeout(() => sdk.safe.getInfo(), { timeout: PATIENCE });
      return { sdk, address: getAddress(safeAddress), chainId: Number(chainId) };
    })().catch((error: unknown) => {
      starting = undefined;
      throw error;
    }));

  const request = async ({ method, params = [] }: Asked): Promise<unknown> => {
    const { sdk, address, chainId } = await start();
    const values = params as unknown[];
    switch (method) {
      case 'eth_accounts':
      case 'eth_requestAccounts':
        return [address];
      case 'eth_chainId':
        return numberToHex(chainId);
      case 'eth_sendTransaction': {
        const { to, data = '0x', value = '0x0' } = values[0] as Transaction;
        return (await sdk.txs.send({ txs: [{ to, data, value: BigInt(value).toString() }] })).safeTxHash;
      }
      case 'eth_signTypedData_v4': {
        const data = values[1];
        const typed = (typeof data === 'string' ? JSON.parse(data) : data) as Parameters<typeof sdk.txs.signTypedMessage>[0];
        const answer = await sdk.txs.signTypedMessage(typed);
        // Signed on the chain, the Safe stands for the empty signature once its owners executed that.
        return 'messageHash' in answer ? signatureOf(sdk, answer.messageHash) : '0x';
      }
      default:
        throw Object.assign(new Error(`${method} is not for a Safe`), { code: 4200 });
    }
  };

  return createConnector(() => ({
    id: 'safe',
    name: 'Safe',
    type: 'safe',
    async connect() {
      const { address, chainId } = await start();
      return { accounts: [address], chainId } as never;
    },
    async disconnect() {},
    getAccounts: async () => [(await start()).address],
    getChainId: async () => (await start()).chainId,
    getProvider: async () => ({ request }),
    // Within its page, a Safe is who acts; there is nothing to choose.
    isAuthorized: async () =>
      start().then(
        () => true,
        () => false,
      ),
    onAccountsChanged() {},
    onChainChanged() {},
    onDisconnect() {},
  }));
}
