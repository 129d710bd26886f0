// `opg proxy` on a devnet, paid by the devnet's delegator.
import { execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const opg = process.env.KEEPER_BINARY ?? `${root}/target/debug/opg`;

function environment(devnet, settings) {
  return {
    ...process.env,
    OPG_KEYS__KEYSTORE: `${devnet.folder}/delegator.json`,
    OPG_PROXY__LISTEN: '127.0.0.1:0',
    OPG_PROXY__ALLOW_INSECURE: 'true',
    OPG_PROXY__REFRESH: '1s',
    OPG_PROXY__PATIENCE: '60s',
    ...settings,
  };
}

// Starts a proxy; resolves when it serves.
export async function startProxy(devnet, settings = {}) {
  const args = ['--config', devnet.config, '--json', 'proxy'];
  const child = spawn(opg, args, { cwd: root, env: environment(devnet, settings), stdio: ['ignore', 'pipe', 'pipe'] });
  process.once('exit', () => child.kill('SIGKILL'));
  const words = [];
  createInterface({ input: child.stderr }).on('line', (line) => words.push(line));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const ready = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line)));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`opg proxy ended with ${code}: ${words.slice(-20).join('\n')}`)));
  });
  const stop = async (signal = 'SIGTERM') => {
    child.kill(signal);
    await ended;
  };
  return { ...ready, stop };
}

// What `opg` with `args` prints as JSON.
export async function run(devnet, args, settings = {}) {
  const { stdout } = await promisify(execFile)(opg, ['--config', devnet.config, '--json', ...args], {
    cwd: root,
    env: environment(devnet, settings),
  });
  return JSON.parse(stdout);
}
