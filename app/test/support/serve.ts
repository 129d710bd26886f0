// Serves the built page as `opg app` does: static files, the configuration, the genesis, and a policy that allows the RPC.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { gzipSync } from 'node:zlib';
import { widen } from '../../scripts/policy.mjs';

const TYPES: Record<string, string> = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.json': 'application/json', '.jsonl': 'application/jsonl' };

/** Serves `dist` with a `config.json` and other `files` beside it, and `genesis` below `genesis/`. */
export async function serve(dist: string, genesis: string, config: { rpc: string[] } & Record<string, unknown>, files: Record<string, string> = {}, compressed = false) {
  if (!existsSync(join(dist, 'index.html'))) throw new Error(`${dist} is not built: run "make app"`);
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname)).replace(/^(\.\.\/?)+/, '');
    const name = path === '/' ? '/index.html' : path;
    response.setHeader('content-type', TYPES[extname(name)] ?? 'application/octet-stream');
    if (name === '/config.json') return void response.end(JSON.stringify(config));
    const given = files[name.slice(1)];
    if (given !== undefined) return void response.end(given);
    const file = name.startsWith('/genesis/') ? join(genesis, name.slice('/genesis/'.length)) : join(dist, name);
    if (!existsSync(file) || !statSync(file).isFile()) {
      response.statusCode = 404;
      return void response.end();
    }
    const body = name === '/index.html' ? Buffer.from(widen(readFileSync(file, 'utf8'), config)) : readFileSync(file);
    // As servers of static files do: compressed, and kept where the name holds the digest of the content.
    if (name.startsWith('/assets/')) response.setHeader('cache-control', 'public, max-age=31536000, immutable');
    if (!compressed || !/gzip/.test(String(request.headers['accept-encoding']))) return void response.end(body);
    response.setHeader('content-encoding', 'gzip');
    response.end(gzipSync(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, stop: () => server.close() };
}
