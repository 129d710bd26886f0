// Writes src/abi/ from forge's output and from the committed address books, so that the page can be built without forge.
// `--check` changes nothing and fails when a committed file is not what the compiled contracts say.
//
//   forge build contracts script && node app/scripts/abi.mjs [--check]
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

// Artifact by the name of the file and of the constant that the page uses.
const CONTRACTS = {
  accessManager: 'AccessManager',
  airdrop: 'Airdrop',
  feeMarket: 'IFeeMarket',
  feeRouter: 'IFeeRouter',
  governor: 'OpgGovernor',
  inferenceHub: 'InferenceHub',
  measurementRegistry: 'MeasurementRegistry',
  modelRegistry: 'ModelRegistry',
  opg: 'Opg',
  proofRegistry: 'ProofRegistry',
  receiptBatches: 'IReceiptBatches',
  rewards: 'IRewards',
  staking: 'IStaking',
  timelock: 'Timelock',
  verifyingKeys: 'IVerifyingKeys',
  vestingVault: 'VestingVault',
};
// Errors that can come through the contracts above from ones that the page never calls itself.
const MORE_ERRORS = ['CustodyVault', 'Staking', 'StakingSlashes', 'StakingOperators'];
// Books of development chains are of no use to anybody else.
const DEVELOPMENT_CHAINS = ['31337'];

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
// Where forge puts what it compiles; its own variable moves it.
const out = resolve(root, process.env.FOUNDRY_OUT ?? 'out');
const target = join(root, 'app/src/abi');
const HEADER = '// Written by app/scripts/abi.mjs: run `make app-abi` instead of editing.\n';

function fail(message) {
  console.error(`app abi: ${message}`);
  process.exit(1);
}

function abiOf(contract) {
  const artifact = join(out, `${contract}.sol`, `${contract}.json`);
  if (!existsSync(artifact)) fail(`no compiled ${contract} in out/: run "make contracts" first`);
  return JSON.parse(readFileSync(artifact, 'utf8')).abi;
}

// What the page needs of a parameter; `internalType` names Solidity types, half of the size.
function bare({ name, type, indexed, components }) {
  return {
    name,
    type,
    ...(indexed === undefined ? {} : { indexed }),
    ...(components ? { components: components.map(bare) } : {}),
  };
}

function fragment(entry) {
  const { type, name, stateMutability, inputs, outputs } = entry;
  return {
    type,
    name,
    ...(inputs ? { inputs: inputs.map(bare) } : {}),
    ...(outputs ? { outputs: outputs.map(bare) } : {}),
    ...(stateMutability ? { stateMutability } : {}),
  };
}

const lines = (entries) => entries.map((entry) => `  ${JSON.stringify(entry)},\n`).join('');
const constant = (name, entries) => `export const ${name} = [\n${lines(entries)}] as const;\n`;
const isCallable = ({ type }) => type === 'function' || type === 'event' || type === 'error';

function errors() {
  const seen = new Map();
  for (const contract of [...Object.values(CONTRACTS), ...MORE_ERRORS]) {
    for (const entry of abiOf(contract).filter(({ type }) => type === 'error')) {
      seen.set(JSON.stringify(fragment(entry)), fragment(entry));
    }
  }
  return [...seen.keys()].sort().map((key) => seen.get(key));
}

function deployments() {
  const folder = join(root, 'deployments');
  const books = readdirSync(folder)
    .filter((file) => /^\d+\.json$/.test(file) && !DEVELOPMENT_CHAINS.includes(file.replace('.json', '')))
    .sort()
    .map((file) => [file.replace('.json', ''), JSON.parse(readFileSync(join(folder, file), 'utf8'))]);
  return `export const deployments: Record<string, Record<string, string | number>> = ${JSON.stringify(Object.fromEntries(books), null, 2)};\n`;
}

const files = new Map();
for (const [name, contract] of Object.entries(CONTRACTS)) {
  files.set(`${name}.ts`, HEADER + constant(`${name}Abi`, abiOf(contract).filter(isCallable).map(fragment)));
}
files.set('errors.ts', HEADER + constant('errorsAbi', errors()));
files.set('deployments.ts', HEADER + deployments());

const check = process.argv.includes('--check');
const unknown = process.argv.slice(2).filter((argument) => argument !== '--check');
if (unknown.length > 0) fail(`unknown argument "${unknown[0]}"; the only one is --check`);

mkdirSync(target, { recursive: true });
const stale = [];
for (const [file, text] of files) {
  const path = join(target, file);
  if (existsSync(path) && readFileSync(path, 'utf8') === text) continue;
  stale.push(file);
  if (!check) writeFileSync(path, text);
}
const strangers = readdirSync(target).filter((file) => !files.has(file));
if (strangers.length > 0) fail(`app/src/abi holds ${strangers.join(', ')}, which app/scripts/abi.mjs does not write`);
if (check && stale.length > 0) fail(`app/src/abi is out of date in ${stale.join(', ')}: run "make app-abi" and commit the result`);
console.log(`app abi: ${files.size} files ${check || stale.length === 0 ? 'current' : `written, changed: ${stale.join(', ')}`}`);
