// A devnet with a keeper whose gateway is on: `opg` itself, with the real model.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const opg = process.env.KEEPER_BINARY ?? `${root}/target/debug/opg`;

// Starts `opg` with `args`; resolves with the first line of its output for which `pick` returns something.
function start(args, env, pick) {
  const child = spawn(opg, args, { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  process.once('exit', () => child.kill('SIGKILL'));
  const words = [];
  const ready = new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        words.push(line);
        const found = pick(line);
        if (found) resolve(found);
      });
    }
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`opg ${args.join(' ')} ended with ${code}: ${words.slice(-20).join('\n')}`)));
  });
  const stop = (signal = 'SIGTERM') =>
    new Promise((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) return resolve();
      child.once('exit', resolve);
      child.kill(signal);
    });
  return { ready, stop };
}

// The chain with contracts and models, without a keeper. `models` is the folder of their files where it is not the usual one.
export async function startDevnet({ models } = {}) {
  const folder = models ? ['--models', models] : [];
  const process = start(['--json', 'devnet', '--no-keeper', '--block-time', '1', '--root', root, ...folder], {}, (line) =>
    line.startsWith('{') && JSON.parse(line).event === 'ready' ? JSON.parse(line) : undefined,
  );
  return { ...(await process.ready), stop: process.stop };
}

// The keeper of a devnet, with the inference role off and the gateway on.
export async function startGateway(devnet, settings = {}) {
  const env = {
    OPG_INFERENCE__ENABLED: 'false',
    OPG_CRANK__ENABLED: 'false',
    OPG_GATEWAY__ENABLED: 'true',
    OPG_GATEWAY__LISTEN: '127.0.0.1:0',
    ...settings,
  };
  const process = start(['--config', devnet.config, 'run'], env, (line) => /gateway at (http\S+:\d+)/.exec(line)?.[1]);
  const url = await process.ready;
  await isReady(url);
  return { url, stop: process.stop };
}

// What `opg status` says of the keeper of a devnet.
export function statusOf(devnet) {
  return JSON.parse(execFileSync(opg, ['--json', '--config', devnet.config, 'status'], { cwd: root, encoding: 'utf8' }));
}

// What `opg doctor` finds. It ends with a failure where something is wrong.
export function doctor(devnet) {
  const { stdout } = spawnSync(opg, ['--json', '--config', devnet.config, 'doctor'], { cwd: root, encoding: 'utf8' });
  return JSON.parse(stdout);
}

// An operator is active only some seconds after it was registered, and a gateway tells when.
async function isReady(url) {
  for (let tries = 0; tries < 120; ++tries) {
    if ((await fetch(`${url}/readyz`)).ok) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`the gateway does not get ready: ${await (await fetch(`${url}/readyz`)).text()}`);
}
