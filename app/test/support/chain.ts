// A development chain with the contracts as the deploy script puts them there. What was deployed is kept beside the tests
// under the digest of the compiled script, so that only the first run deploys.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cp, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Address, createTestClient, createWalletClient, type Hex, http, publicActions } from 'viem';
import { mnemonicToAccount } from 'viem/accounts';
import { foundry } from 'viem/chains';

const run = promisify(execFile);
export const app = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const root = dirname(app);
const tool = (name: string) => join(root, 'node_modules/.bin', name);
const mnemonic = 'test test test test test test test test test test test junk';
const DAY = 86_400;

/** Accounts that anvil funds, by their place in the committed genesis of the devnet. */
const account = (addressIndex: number) => mnemonicToAccount(mnemonic, { addressIndex });
export const deployer = account(0);
/** Airdrop. */
export const alice = account(1);
export const bob = account(2);
/** Airdrop, and an ecosystem grant without cliff. */
export const carol = account(3);
/** A core contributor's grant: twelve months of cliff. */
export const dora = account(5);
/** Nothing at all. */
export const stranger = account(9);

export type Book = Record<string, Address>;
export type Chain = Awaited<ReturnType<typeof startChain>>;
type Kept = { folder: string; state: string; book: string; genesis: string };

async function startAnvil(args: string[]): Promise<{ process: ChildProcess; url: string }> {
  const anvil = spawn(tool('anvil'), ['--hardfork', 'osaka', '--enable-tx-gas-limit', '--no-request-size-limit', '--port', '0', '--mnemonic', mnemonic, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.once('exit', () => anvil.kill());
  const url = await new Promise<string>((resolve, reject) => {
    anvil.once('error', reject);
    anvil.once('exit', (code) => reject(new Error(`anvil ended with status ${code} before it listened`)));
    createInterface({ input: anvil.stdout }).on('line', (line) => {
      const address = /^Listening on (\S+)/.exec(line)?.[1];
      if (address) resolve(`http://${address}`);
    });
  });
  return { process: anvil, url };
}

function opgBinary(): string {
  const binary = process.env['OPG_BIN'] ?? join(process.env['CARGO_TARGET_DIR'] ?? join(root, 'target'), 'debug/opg');
  if (!existsSync(binary)) throw new Error(`${binary} does not exist: run "make build", or name it in OPG_BIN`);
  return binary;
}

async function deploy(folder: string): Promise<void> {
  const kept = within(folder);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const tge = new Date(Math.floor(Date.now() / 1000 - 10 * DAY) * 1000).toISOString().replace('.000', '');
  const config = join(root, 'script/config');
  await run(opgBinary(), ['genesis', 'build', '--allocation', join(config, 'allocation.json'), '--beneficiaries', join(config, 'genesis/31337'), '--tge', tge, '--out', kept.genesis]);
  // forge reads nothing outside of this folder of the repository.
  const readable = join(root, `deployments/run/app-${process.pid}`);
  mkdirSync(readable, { recursive: true });
  const anvil = await startAnvil([]);
  try {
    await cp(join(kept.genesis, 'manifest.json'), join(readable, 'manifest.json'));
    const key = Buffer.from(deployer.getHdKey().privateKey ?? []).toString('hex');
    await run(tool('forge'), ['script', 'script/Deploy.s.sol', '--broadcast', '--non-interactive', '--slow', '--rpc-url', anvil.url, '--private-key', `0x${key}`, '--sender', deployer.address], {
      cwd: root,
      maxBuffer: 1 << 26,
      env: { ...process.env, OPG_GENESIS: `deployments/run/app-${process.pid}`, OPG_ADDRESS_BOOK: join(readable, 'book.json'), FOUNDRY_BROADCAST: join(folder, 'broadcast') },
    });
    await cp(join(readable, 'book.json'), kept.book);
    writeFileSync(kept.state, await dump(anvil.url));
  } finally {
    anvil.process.kill();
    rmSync(readable, { recursive: true, force: true });
  }
}

/** Everything that a chain knows, in the words of anvil. */
async function dump(url: string): Promise<string> {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'anvil_dumpState', params: [] }), headers: { 'content-type': 'application/json' } });
  const { result } = (await response.json()) as { result: string };
  return result;
}

const within = (folder: string): Kept => ({ folder, state: join(folder, 'state.hex'), book: join(folder, 'book.json'), genesis: join(folder, 'genesis') });

/** Where the deployment of the present contracts is kept, or the one that OPG_APP_CHAIN names. */
function place(): string {
  const named = process.env['OPG_APP_CHAIN'];
  const script = join(root, 'out/Deploy.s.sol/Deploy.json');
  if (!named && !existsSync(script)) throw new Error('the deploy script is not compiled: run "make contracts"');
  const digest = () => createHash('sha256').update(readFileSync(script)).digest('hex').slice(0, 16);
  return named ?? join(app, '.cache/chain', digest());
}

/** Deploys, unless that was done: once before all journeys, so that a failure ends them. */
export default async function prepare(): Promise<void> {
  if (existsSync(within(place()).state)) return;
  const folder = join(app, '.cache/chain', `new-${process.pid}`);
  await deploy(folder);
  // Only now: deploying compiles what changed since.
  await rm(place(), { recursive: true, force: true });
  await rename(folder, place());
}

/** Starts a chain with everything deployed. `short`: it forgets its states of earlier blocks, whose number slows it down. */
export async function startChain(short = false) {
  const kept = within(place());
  const anvil = await startAnvil(short ? ['--prune-history'] : []);
  const transport = http(anvil.url);
  const chain = createTestClient({ chain: foundry, mode: 'anvil', transport, pollingInterval: 20, cacheTime: 0 }).extend(publicActions);
  const load = (state: Hex) => chain.request({ method: 'anvil_loadState', params: [state] } as never);
  await load(readFileSync(kept.state, 'utf8') as Hex);
  // Pages read figures of the last finished ten seconds: without this pause those may lie before the deployment.
  await chain.increaseTime({ seconds: 60 });
  await chain.mine({ blocks: 1 });
  const book = JSON.parse(readFileSync(kept.book, 'utf8')) as Book;
  return {
    url: anvil.url,
    client: chain,
    book,
    genesis: kept.genesis,
    walletOf: (sender: typeof alice) => createWalletClient({ chain: foundry, transport, account: sender, pollingInterval: 20 }),
    /** Lets time pass. */
    async pass(seconds: number) {
      await chain.increaseTime({ seconds });
      await chain.mine({ blocks: 1 });
    },
    /** What `make` does to the chain and returns, or, where that is kept of an earlier run, the same at once. */
    async once(name: string, make: () => Promise<string>): Promise<string> {
      const file = join(kept.folder, `${name}.json`);
      if (!existsSync(file)) {
        const made = await make();
        writeFileSync(file, JSON.stringify({ made, state: await dump(anvil.url) }));
        return made;
      }
      const { made, state } = JSON.parse(readFileSync(file, 'utf8')) as { made: string; state: Hex };
      await load(state);
      const { timestamp } = await chain.getBlock();
      await chain.request({ method: 'evm_setTime', params: [Number(timestamp)] } as never);
      return made;
    },
    stop: () => anvil.process.kill(),
  };
}
