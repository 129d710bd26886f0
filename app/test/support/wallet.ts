// A wallet as browsers have them: announces itself by EIP-6963, signs with a local key, asks nobody. The key stays here; the
// page only has the provider.
import type { Page } from '@playwright/test';
import { createWalletClient, defineChain, type Hex, http, isHex } from 'viem';
import type { alice } from './chain.ts';

type Signer = typeof alice;
class ProviderError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

export class TestWallet {
  #declineNext = false;
  #connected = false;
  /** Happens once, after the person agreed to send and before the transaction leaves. */
  beforeSend: (() => Promise<void>) | undefined;

  constructor(
    private readonly page: Page,
    private readonly rpc: string,
    private signer: Signer,
    private chainId = 31337,
  ) {}

  /** Makes the wallet known to every page that is opened from now on. */
  async install(): Promise<void> {
    await this.page.exposeFunction('opgWallet', async (method: string, params: unknown[]) => {
      try {
        return { result: await this.#answer(method, params) };
      } catch (error) {
        const { code = -32603, message, data } = error as { code?: number; message: string; data?: unknown };
        return { error: { code, message, data } };
      }
    });
    await this.page.addInitScript(() => {
      const listeners = new Map<string, Set<(value: unknown) => void>>();
      const provider = {
        async request({ method, params }: { method: string; params?: unknown }) {
          const ask = (window as unknown as { opgWallet: (method: string, params: unknown) => Promise<{ result?: unknown; error?: { code: number; message: string } }> }).opgWallet;
          const { result, error } = await ask(method, params ?? []);
          if (error) throw Object.assign(new Error(error.message), error);
          return result;
        },
        on: (name: string, listener: (value: unknown) => void) => void (listeners.get(name) ?? listeners.set(name, new Set()).get(name))?.add(listener),
        removeListener: (name: string, listener: (value: unknown) => void) => void listeners.get(name)?.delete(listener),
      };
      (window as unknown as { opgEmit: (name: string, value: unknown) => void }).opgEmit = (name, value) => listeners.get(name)?.forEach((listener) => listener(value));
      const icon = 'data:image/svg+xml,%3Csvg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"%3E%3Crect width="8" height="8" fill="%23678"/%3E%3C/svg%3E';
      const info = Object.freeze({ uuid: '5f1b6a0e-2f3c-4b7f-9d0e-6f0c52d0a001', name: 'Test wallet', icon, rdns: 'test.wallet' });
      const announce = () => window.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail: Object.freeze({ info, provider }) }));
      window.addEventListener('eip6963:requestProvider', announce);
      announce();
    });
  }

  /** The next thing that the page asks to sign is declined. */
  declineNext(): void {
    this.#declineNext = true;
  }

  /** The person chooses another account in the wallet. */
  async use(signer: Signer): Promise<void> {
    this.signer = signer;
    await this.#emit('accountsChanged', [signer.address]);
  }

  /** The person chooses another chain in the wallet. */
  async goTo(chainId: number): Promise<void> {
    this.chainId = chainId;
    await this.#emit('chainChanged', `0x${chainId.toString(16)}`);
  }

  async #emit(name: string, value: unknown): Promise<void> {
    if (this.page.url() === 'about:blank') return;
    await this.page.evaluate(([event, detail]) => (window as unknown as { opgEmit: (name: unknown, value: unknown) => void }).opgEmit(event, detail), [name, value] as const);
  }

  #ask(): void {
    if (!this.#declineNext) return;
    this.#declineNext = false;
    throw new ProviderError(4001, 'User rejected the request.');
  }

  async #answer(method: string, params: unknown[]): Promise<unknown> {
    switch (method) {
      case 'eth_requestAccounts':
        this.#ask();
        this.#connected = true;
        return [this.signer.address];
      case 'eth_accounts':
        return this.#connected ? [this.signer.address] : [];
      case 'eth_chainId':
        return `0x${this.chainId.toString(16)}`;
      case 'wallet_switchEthereumChain':
        this.#ask();
        await this.goTo(Number((params[0] as { chainId: string }).chainId));
        return null;
      case 'wallet_requestPermissions':
      case 'wallet_getPermissions':
        return [{ parentCapability: 'eth_accounts', caveats: [] }];
      case 'wallet_revokePermissions':
        this.#connected = false;
        return null;
      case 'eth_sendTransaction':
        return this.#send(params[0] as { to: Hex; data?: Hex; value?: string; from: string });
      case 'eth_signTypedData_v4': {
        this.#ask();
        const typed = JSON.parse(params[1] as string) as Parameters<Signer['signTypedData']>[0];
        return this.signer.signTypedData(typed);
      }
      default:
        if (/^(wallet_|personal_|eth_sign)/.test(method)) throw new ProviderError(4200, `${method} is not supported`);
        return this.#forward(method, params);
    }
  }

  async #send({ to, data, value, from }: { to: Hex; data?: Hex; value?: string; from: string }): Promise<Hex> {
    this.#ask();
    if (from.toLowerCase() !== this.signer.address.toLowerCase()) throw new ProviderError(4100, 'The account is not the wallet’s');
    await this.beforeSend?.();
    this.beforeSend = undefined;
    const chain = defineChain({ id: this.chainId, name: 'test', nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 }, rpcUrls: { default: { http: [this.rpc] } } });
    const client = createWalletClient({ account: this.signer, chain, transport: http(this.rpc) });
    // A fixed limit, as wallets have when they do not estimate again: a call that fails is still included.
    return client.sendTransaction({ to, data, value: isHex(value) ? BigInt(value) : 0n, gas: 5_000_000n });
  }

  async #forward(method: string, params: unknown[]): Promise<unknown> {
    const response = await fetch(this.rpc, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }) });
    const { result, error } = (await response.json()) as { result?: unknown; error?: { code: number; message: string } };
    if (error) throw new ProviderError(error.code, error.message);
    return result;
  }
}
