// Copies the ABIs that the keeper binds to from forge's output into the keeper's sources, so that cargo builds without
// node or forge. `--check` changes nothing and fails when a committed file is not the ABI of the compiled contract.
//
//   forge build && node script/abi.mjs [--check]
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const CONTRACTS = [
  "AccessManager",
  "AskModel",
  "IAirdrop",
  "IBatchSettlement",
  "ICustodyVault",
  "IFeeMarket",
  "IFeeRouter",
  "IInferenceHub",
  "IModelRegistry",
  "IOperators",
  "IProofRegistry",
  "IReceiptBatches",
  "IRewards",
  "IStaking",
  "IVerifyingKeys",
  "IVestingVault",
  "Opg",
  "OpgGovernor",
  "Timelock",
];

const root = dirname(dirname(fileURLToPath(import.meta.url)));
// Where forge puts what it compiles; its own variable moves it.
const out = resolve(root, process.env.FOUNDRY_OUT ?? "out");
const target = join(root, "keeper/chain/abi");

function fail(message) {
  console.error(`abi: ${message}`);
  process.exit(1);
}

// The compiler orders entries by kind and name, so the text changes only when the interface does.
function render(name) {
  const artifact = join(out, `${name}.sol`, `${name}.json`);
  if (!existsSync(artifact)) fail(`no compiled ${name} in out/: run "make build" first`);
  return JSON.stringify(JSON.parse(readFileSync(artifact, "utf8")).abi, null, 2) + "\n";
}

const check = process.argv.includes("--check");
const unknown = process.argv.slice(2).filter((argument) => argument !== "--check");
if (unknown.length > 0) fail(`unknown argument "${unknown[0]}"; the only one is --check`);

mkdirSync(target, { recursive: true });
const stale = [];
for (const name of CONTRACTS) {
  const file = join(target, `${name}.json`);
  const text = render(name);
  if (existsSync(file) && readFileSync(file, "utf8") === text) continue;
  stale.push(name);
  if (!check) writeFileSync(file, text);
}
const strangers = readdirSync(target).filter((file) => !CONTRACTS.includes(file.replace(/\.json$/, "")));

if (strangers.length > 0) fail(`keeper/chain/abi holds ${strangers.join(", ")}, which no contract listed in script/abi.mjs has`);
if (check && stale.length > 0) fail(`keeper/chain/abi is out of date for ${stale.join(", ")}: run "make abi" and commit the result`);
console.log(
  `abi: ${CONTRACTS.length} files ${check || stale.length === 0 ? "current" : `written, changed: ${stale.join(", ")}`}`,
);
