// A Safe as deployed everywhere (1.4.1), and the page of its owners within which another page is shown.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import type { Page } from '@playwright/test';
import { type Abi, type Address, encodeAbiParameters, encodeFunctionData, getContractAddress, hashTypedData, type Hex, parseEventLogs, zeroAddress } from 'viem';
import type { alice, Chain } from './chain.ts';
import { send } from './actors.ts';

type Signer = typeof alice;
type Artifact = { abi: Abi; bytecode: Hex };
type Transaction = { to: Address; data: Hex; value: bigint };
const require = createRequire(import.meta.url);
const artifact = (path: string) => require(`@safe-global/safe-contracts/build/artifacts/contracts/${path}.json`) as Artifact;
const [SAFE, FACTORY, HANDLER] = [artifact('Safe.sol/Safe'), artifact('proxies/SafeProxyFactory.sol/SafeProxyFactory'), artifact('handler/CompatibilityFallbackHandler.sol/CompatibilityFallbackHandler')];

async function deploy(chain: Chain, from: Signer, { bytecode }: Artifact): Promise<Address> {
  const nonce = BigInt(await chain.client.getTransactionCount({ address: from.address }));
  const hash = await chain.walletOf(from).sendTransaction({ data: bytecode });
  const { status } = await chain.client.waitForTransactionReceipt({ hash });
  if (status !== 'success') throw new Error('a contract of Safe was not deployed');
  return getContractAddress({ from: from.address, nonce });
}

/** A Safe of `owners`, all of whom have to sign. */
export async function deploySafe(chain: Chain, owners: Signer[]) {
  const [payer] = owners as [Signer];
  const [singleton, factory, handler] = [await deploy(chain, payer, SAFE), await deploy(chain, payer, FACTORY), await deploy(chain, payer, HANDLER)];
  const setup = encodeFunctionData({ abi: SAFE.abi, functionName: 'setup', args: [owners.map(({ address }) => address), BigInt(owners.length), zeroAddress, '0x', handler, zeroAddress, 0n, zeroAddress] });
  const hash = await chain.walletOf(payer).writeContract({ address: factory, abi: FACTORY.abi, functionName: 'createProxyWithNonce', args: [singleton, setup, 0n] });
  const { logs } = await chain.client.waitForTransactionReceipt({ hash });
  const [created] = parseEventLogs({ abi: FACTORY.abi, eventName: 'ProxyCreation', logs }) as unknown as { args: { proxy: Address } }[];
  const address = created?.args.proxy ?? zeroAddress;
  const proposals = new Map<Hex, Transaction & { nonce: bigint }>();
  const read = (functionName: string, args: readonly unknown[] = [], abi = SAFE.abi) => chain.client.readContract({ address, abi, functionName, args });
  const signed = async (digest: Hex): Promise<Hex> => {
    const sorted = [...owners].sort((a, b) => (a.address.toLowerCase() < b.address.toLowerCase() ? -1 : 1));
    const all = await Promise.all(sorted.map((owner) => owner.sign({ hash: digest })));
    return `0x${all.map((one) => one.slice(2)).join('')}`;
  };
  const rest = [0, 0n, 0n, 0n, zeroAddress, zeroAddress] as const;
  return {
    address,
    /** Keeps a transaction for the owners; the answer is the Safe's number of it. */
    async propose({ to, data, value }: { to: Address; data: Hex; value: string }): Promise<Hex> {
      const nonce = ((await read('nonce')) as bigint) + BigInt(proposals.size);
      const id = (await read('getTransactionHash', [to, BigInt(value), data, ...rest, nonce])) as Hex;
      proposals.set(id, { to, data, value: BigInt(value), nonce });
      return id;
    },
    /** All owners sign what was proposed first, and one of them sends it. */
    async execute(): Promise<void> {
      const [first] = proposals;
      if (!first) throw new Error('nothing was proposed');
      const [id, { to, data, value }] = first;
      proposals.delete(id);
      await send(chain, payer, address, SAFE.abi, 'execTransaction', [to, value, data, ...rest, await signed(id)]);
    },
    /** What the owners sign in place of typed data: its digest, within the Safe's own domain. */
    messageHash: (typed: unknown) => read('getMessageHashForSafe', [address, encodeAbiParameters([{ type: 'bytes32' }], [hashTypedData(typed as Parameters<typeof hashTypedData>[0])])], HANDLER.abi) as Promise<Hex>,
    signed,
  };
}

/** The page of a Safe's owners, which can show another page. */
export async function startSafePage(page: Page, safe: Awaited<ReturnType<typeof deploySafe>>) {
  const messages = new Set<string>();
  const state = { ownersSigned: false };
  const answers: Record<string, (params: never) => unknown> = {
    getSafeInfo: () => ({ safeAddress: safe.address, chainId: 31337, threshold: 2, owners: [], isReadOnly: false }),
    sendTransactions: async ({ txs }: { txs: { to: Address; data: Hex; value: string }[] }) => ({ safeTxHash: await safe.propose(txs[0] as { to: Address; data: Hex; value: string }) }),
    signTypedMessage: async ({ typedData }: { typedData: unknown }) => {
      const messageHash = await safe.messageHash(typedData);
      messages.add(messageHash);
      return { messageHash };
    },
    getOffChainSignature: async (messageHash: Hex) => (state.ownersSigned && messages.has(messageHash) ? safe.signed(messageHash) : ''),
  };
  await page.exposeFunction('safePage', async (method: string, params: unknown) => {
    const answer = answers[method];
    return answer ? { success: true, data: await answer(params as never) } : { success: false, error: `${method} is not known` };
  });
  const html = (url: string) => `<!doctype html><title>Safe</title><iframe title="app" src="${url}" style="width:1240px;height:860px"></iframe><script>
    addEventListener('message', async ({ data, source }) => {
      if (!data || !data.method || !data.env) return;
      source.postMessage({ id: data.id, version: '9.1.0', ...(await window.safePage(data.method, data.params)) }, '*');
    });
  </script>`;
  let shown = '';
  const server = createServer((_, response) => response.setHeader('content-type', 'text/html').end(html(shown)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    async open(url: string) {
      shown = url;
      await page.goto(origin);
      const frame = await (await page.waitForSelector('iframe')).contentFrame();
      if (!frame) throw new Error('the page of the Safe shows nothing');
      return frame;
    },
    /** The owners sign the messages that they were asked for. */
    ownersSign: () => void (state.ownersSigned = true),
    stop: () => server.close(),
  };
}
