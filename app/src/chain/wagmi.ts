import { type Chain, defineChain, fallback, http } from 'viem';
import { type Config, createConfig, type CreateConnectorFn } from 'wagmi';
import type { AppConfig } from '../config/config';
import { safeApp } from '../wallets/safe';
import { walletConnect } from '../wallets/walletConnect';

// At this address on every public chain; development chains lack it and are asked call by call.
const MULTICALL3 = '0xcA11bde05977b3631167028862bE2a173976CA11';

/** The chain of the configuration, as viem and wallets know chains. */
export function chainOf(config: AppConfig): Chain {
  return defineChain({
    id: config.chainId,
    name: config.chainName,
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: config.rpc } },
    ...(config.explorer ? { blockExplorers: { default: { name: 'Explorer', url: config.explorer } } } : {}),
    ...(config.chainId === 31337 ? {} : { contracts: { multicall3: { address: MULTICALL3 } } }),
  });
}

/** Connectors beside the wallets of the browser: only those that the configuration asks for. */
function connectorsOf({ chainId, safe: origins, walletConnect: options }: AppConfig): CreateConnectorFn[] {
  return [
    ...(origins.length > 0 && window.parent !== window ? [safeApp(origins)] : []),
    ...(options ? [walletConnect(options, chainId)] : []),
  ];
}

/** Wallets of the browser come by EIP-6963 only: whatever else sits at `window.ethereum` is not asked. */
export function wagmiConfig(config: AppConfig): Config {
  const chain = chainOf(config);
  const transports = config.rpc.map((url) => http(url, { batch: { wait: 8, batchSize: 40 }, retryCount: 1, timeout: 10_000 }));
  return createConfig({
    chains: [chain],
    connectors: connectorsOf(config),
    multiInjectedProviderDiscovery: true,
    pollingInterval: config.pollingInterval,
    transports: { [chain.id]: fallback(transports, { retryCount: 0 }) },
  });
}
