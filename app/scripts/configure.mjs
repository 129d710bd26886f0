// Makes the built page ready for a server or for IPFS: puts a configuration beside it and widens its policy by what that names.
//
//   node app/scripts/configure.mjs my-config.json [app/dist]
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { originsOf, widen } from './policy.mjs';

const [file, dist = join(dirname(dirname(fileURLToPath(import.meta.url))), 'dist')] = process.argv.slice(2);
try {
  if (!file) throw new Error('name the configuration: node app/scripts/configure.mjs my-config.json [app/dist]');
  const text = readFileSync(file, 'utf8');
  const config = JSON.parse(text);
  const page = join(dist, 'index.html');
  writeFileSync(page, widen(readFileSync(page, 'utf8'), config));
  writeFileSync(join(dist, 'config.json'), text);
  console.log(`app: ${dist} connects to itself${originsOf(config).map((origin) => `, ${origin}`).join('')}`);
  if (config.safe?.length) console.log(`app: have your server send "Content-Security-Policy: frame-ancestors ${config.safe.join(' ')}"`);
} catch (error) {
  console.error(`app: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
