// Runs the pinned Solidity compiler on standard JSON. forge cannot fetch a compiler on a machine without open
// internet, so the one from npm answers in its place; a native one of the same version is faster and is preferred.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const VERSION = "0.8.37";
const native = spawnSync("solc", ["--version"], { encoding: "utf8" });
if (native.status === 0 && native.stdout.includes(`Version: ${VERSION}+`)) {
  process.exit(spawnSync("solc", process.argv.slice(2), { stdio: "inherit" }).status ?? 1);
}

const solc = createRequire(import.meta.url)("solc");
if (process.argv.includes("--version")) {
  console.log(`solc, the solidity compiler commandline interface\nVersion: ${solc.version().replace("Emscripten.clang", "Linux.g++")}`);
} else {
  process.stdout.write(solc.compile(readFileSync(0, "utf8")));
}
