import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { startTransition, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { WagmiProvider } from 'wagmi';
import { SettingsProvider } from './app/settings';
import { Shell } from './app/Shell';
import { ChainSync } from './chain/sync';
import { wagmiConfig } from './chain/wagmi';
import { ConfigError, loadConfig } from './config/config';
import { ConfigContext } from './config/context';
import { TxProvider } from './tx/context';

/** Puts the page in place of what the HTML shows. `answer` is that of `config.json`. */
export async function start(answer: Promise<Response>): Promise<void> {
  const element = document.getElementById('root');
  if (!element) throw new Error('index.html has no element "root"');
  const root = createRoot(element);
  try {
    const config = await loadConfig(document.baseURI, answer);
    // Within another page, clicks can be led astray: only a page that the configuration names may show this one.
    if (window.self !== window.top && config.safe.length === 0) throw new ConfigError('this page is shown within another one, and "safe" names none. Open it by itself');
    const queries = new QueryClient({ defaultOptions: { queries: { staleTime: 3_000, retry: 1, refetchOnWindowFocus: false, networkMode: 'always' } } });
    const wallets = wagmiConfig(config);
    // A transition: drawn in small pieces, so that a slow phone stays usable meanwhile.
    startTransition(() =>
      root.render(
        <StrictMode>
          <ConfigContext value={config}>
            <WagmiProvider config={wallets}>
              <QueryClientProvider client={queries}>
                <SettingsProvider>
                  <ChainSync>
                    <TxProvider>
                      <Shell />
                    </TxProvider>
                  </ChainSync>
                </SettingsProvider>
              </QueryClientProvider>
            </WagmiProvider>
          </ConfigContext>
        </StrictMode>,
      ),
    );
  } catch (error) {
    root.render(
      <main>
        <h1>This page is not configured</h1>
        <p>The file config.json beside the page cannot be used: {error instanceof Error ? error.message : 'it is not JSON'}.</p>
        <p>See docs/app.md of the project for what it must say.</p>
      </main>,
    );
  }
}
