// Compares the storage of the upgradeable contracts with the committed layouts: a new implementation must find every
// variable where the old one put it.
//
//   node script/layout.mjs            writes snapshots/StorageLayouts.json
//   node script/layout.mjs --check    fails when the committed file is not what the contracts have
//
// Both refuse a change that would make a deployed proxy misread its storage. To make one all the same, before anything is
// deployed, delete the namespace from the file and write it again.
//
// Our state lies in ERC-7201 namespaces: structs that no variable has, so the compiler reports no layout for them. This
// script compiles the sources a second time together with contracts that have one variable of each such struct. What
// libraries keep outside of namespaces is listed under the name of the contract.
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { keccak256, pad, toBytes, toHex } from "viem";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const committedFile = join(root, "snapshots/StorageLayouts.json");
const solc = createRequire(import.meta.url)("solc");

function fail(message) {
  console.error(`layout: ${message}`);
  process.exit(1);
}

// ---------------------------------------------------------------------------------------------- compiling

const remappings = [...readFileSync(join(root, "foundry.toml"), "utf8").matchAll(/"(@openzeppelin[^"=]*|solady\/)=([^"]+)"/g)];

/** Analyses sources, without generating code. */
function analyse(sources, wanted) {
  const input = {
    language: "Solidity",
    sources: Object.fromEntries(Object.entries(sources).map(([path, content]) => [path, { content }])),
    settings: {
      evmVersion: "osaka",
      remappings: remappings.map(([, prefix, target]) => `${prefix}=${target}`),
      outputSelection: { "*": { "*": wanted, "": ["ast"] } },
    },
  };
  const read = (path) => {
    const file = join(root, path);
    return existsSync(file) ? { contents: readFileSync(file, "utf8") } : { error: "not found" };
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: read }));
  const errors = (output.errors ?? []).filter((error) => error.severity === "error");
  if (errors.length > 0) fail(`the contracts do not compile:\n${errors[0].formattedMessage}`);
  return output;
}

function solidityFiles(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return solidityFiles(path);
    return entry.name.endsWith(".sol") ? [path] : [];
  });
}

// ---------------------------------------------------------------------------------------------- finding

/** The structs annotated with a namespace: id, file, and name as another file writes it. */
function namespacesOf(output) {
  const found = [];
  for (const [path, { ast }] of Object.entries(output.sources)) {
    for (const contract of ast.nodes.filter((node) => node.nodeType === "ContractDefinition")) {
      for (const struct of contract.nodes.filter((node) => node.nodeType === "StructDefinition")) {
        const text = struct.documentation?.text ?? "";
        const [, id] = text.match(/@custom:storage-location erc7201:(\S+)/) ?? [];
        if (id) found.push({ id, path, contract: contract.name, struct: struct.name });
      }
    }
  }
  return found;
}

/** ERC-7201: keccak256(keccak256(id) - 1), without its last byte. */
function slotOf(id) {
  const inner = BigInt(keccak256(toBytes(id))) - 1n;
  return toHex(BigInt(keccak256(pad(toHex(inner), { size: 32 }))) & ~0xffn, { size: 32 });
}

const slotZero = toHex(0n, { size: 32 });

/** Members of a type as plain data; struct types by name, so that identifiers of the compiler do not matter. */
function describe(layout) {
  const structs = {};
  const name = (id) => layout.types[id].label;
  const visit = (id) => {
    const type = layout.types[id];
    for (const inner of [type.key, type.value, type.base]) if (inner) visit(inner);
    if (!type.members || structs[type.label]) return;
    structs[type.label] = { size: Number(type.numberOfBytes), members: [] };
    for (const member of type.members) {
      const { label, slot, offset } = member;
      structs[type.label].members.push(`${slot}+${offset} ${name(member.type)} ${label}`);
      visit(member.type);
    }
  };
  const top = layout.storage[0].type;
  visit(top);
  const { [name(top)]: own, ...others } = structs;
  return { members: own.members, structs: others };
}

/** The compiler's numbers of all variables that are declared in a folder. */
function variablesBelow(folder, output) {
  const paths = Object.keys(output.sources).filter((path) => path.startsWith(folder));
  const contracts = paths.flatMap((path) => output.sources[path].ast.nodes);
  return new Set(contracts.flatMap((contract) => contract.nodes ?? []).map((node) => node.id));
}

/** Variables outside of namespaces, from slot 0: libraries may have some, our contracts may not. */
function plainLayouts(output) {
  const layouts = {};
  const ours = variablesBelow("contracts/", output);
  for (const contracts of Object.values(output.contracts)) {
    for (const [name, { abi, storageLayout }] of Object.entries(contracts)) {
      if (!abi.some((entry) => entry.name === "upgradeToAndCall") || storageLayout.storage.length === 0) continue;
      const own = storageLayout.storage.find((variable) => ours.has(variable.astId));
      if (own) fail(`${name} has the variable "${own.label}" outside of a namespace: move it into one`);
      const type = { label: name, members: storageLayout.storage, numberOfBytes: "0" };
      const types = { ...storageLayout.types, whole: type };
      layouts[name] = { slot: slotZero, ...describe({ storage: [{ type: "whole" }], types }) };
    }
  }
  return layouts;
}

function currentLayouts() {
  const sources = Object.fromEntries(
    solidityFiles("contracts").map((path) => [path, readFileSync(join(root, path), "utf8")]),
  );
  const output = analyse(sources, ["abi", "storageLayout"]);

  const namespaces = namespacesOf(output);
  const probes = namespaces.map(
    ({ path, contract, struct }, i) =>
      `import {${contract} as C${i}} from "${path}";\ncontract Probe${i} { C${i}.${struct} internal probe; }\n`,
  );
  const probed = analyse({ "Probes.sol": `pragma solidity 0.8.37;\n${probes.join("")}` }, ["storageLayout"]);

  const layouts = plainLayouts(output);
  namespaces.forEach(({ id, path }, i) => {
    if (layouts[id]) fail(`two structs have the namespace ${id}: their variables would overwrite each other`);
    const slot = slotOf(id);
    if (!readFileSync(join(root, path), "utf8").toLowerCase().includes(slot)) {
      fail(`${path} does not use ${slot}, the slot of its namespace ${id}`);
    }
    layouts[id] = { slot, ...describe(probed.contracts["Probes.sol"][`Probe${i}`].storageLayout) };
  });
  return Object.fromEntries(Object.entries(layouts).sort(([a], [b]) => (a < b ? -1 : 1)));
}

// ---------------------------------------------------------------------------------------------- comparing

/** Why storage written by `before` would be misread by `after`; undefined if it would not. */
function incompatibility(before, after) {
  if (!after) return "is gone";
  const moved = before.members.findIndex((member, i) => member !== after.members[i]);
  if (moved >= 0) return `has "${after.members[moved] ?? "nothing"}" where "${before.members[moved]}" was`;
  for (const [name, struct] of Object.entries(before.structs)) {
    const next = after.structs[name];
    const changed = next ? struct.members.findIndex((member, i) => member !== next.members[i]) : 0;
    if (changed >= 0) return `${name} has "${next?.members[changed] ?? "nothing"}" where "${struct.members[changed]}" was`;
    // A larger struct moves what follows it: within a struct the members' slots show it, in an array nothing does.
    const everything = [...before.members, ...Object.values(before.structs).flatMap(({ members }) => members)];
    const inArray = everything.some((member) => member.includes(`${name}[`));
    if (inArray && next.size !== struct.size) return `${name} grew, and is the element of an array`;
  }
}

const check = process.argv.includes("--check");
const unknown = process.argv.slice(2).filter((argument) => argument !== "--check");
if (unknown.length > 0) fail(`unknown argument "${unknown[0]}"; the only one is --check`);

const committedText = existsSync(committedFile) ? readFileSync(committedFile, "utf8") : "{}";
const committed = JSON.parse(committedText);
const current = currentLayouts();
for (const [id, before] of Object.entries(committed)) {
  const reason = incompatibility(before, current[id]);
  if (reason) fail(`${id} ${reason}: a deployed proxy would misread its storage; append new members at the end`);
}
const text = `${JSON.stringify(current, null, 2)}\n`;
if (check && text !== committedText) {
  fail('the contracts have more storage than snapshots/StorageLayouts.json: run "make layouts" and commit the result');
}
if (!check) writeFileSync(committedFile, text);
console.log(`layout: ${Object.keys(current).length} namespaces ${check ? "unchanged" : "written"}`);
