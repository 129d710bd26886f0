// A relay as WalletConnect has them, on this machine, and a wallet behind it. The relay only passes sealed messages on.
import type { AddressInfo } from 'node:net';
import { SignClient } from '@walletconnect/sign-client';
import { createWalletClient, type Hex, http } from 'viem';
import { foundry } from 'viem/chains';
import { type WebSocket, WebSocketServer } from 'ws';
import type { alice } from './chain.ts';

type Params = { topic?: string; topics?: string[]; message?: string; tag?: number; pairingTopic?: string; sessionTopic?: string } & Record<string, unknown>;

/** Starts a relay that keeps what nobody has fetched yet. */
export async function startRelay() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await new Promise((resolve) => server.once('listening', resolve));
  const listeners = new Map<string, Set<WebSocket>>();
  const kept = new Map<string, { message: string; tag: number }[]>();
  let number = 0;
  const deliver = (socket: WebSocket, topic: string, { message, tag }: { message: string; tag: number }) => {
    number += 1;
    socket.send(JSON.stringify({ jsonrpc: '2.0', id: Date.now() * 1_000 + number, method: 'irn_subscription', params: { id: topic, data: { topic, message, tag, publishedAt: Date.now(), attestation: '' } } }));
  };
  const subscribe = (socket: WebSocket, topic: string) => {
    if (!listeners.has(topic)) listeners.set(topic, new Set());
    listeners.get(topic)?.add(socket);
    // After the answer, which says that the subscription stands.
    setTimeout(() => kept.get(topic)?.forEach((one) => deliver(socket, topic, one)), 5);
    return topic;
  };
  const publish = (from: WebSocket, topic: string, message: string, tag: number) => {
    kept.set(topic, [...(kept.get(topic) ?? []), { message, tag }]);
    listeners.get(topic)?.forEach((socket) => socket !== from && deliver(socket, topic, { message, tag }));
  };
  const answer = (socket: WebSocket, method: string, params: Params): unknown => {
    const { topic = '', topics = [], message = '', tag = 0, pairingTopic = '', sessionTopic = '' } = params;
    switch (method) {
      case 'irn_publish':
        publish(socket, topic, message, tag);
        return true;
      case 'irn_subscribe':
        return subscribe(socket, topic);
      case 'irn_batchSubscribe':
        return topics.map((one) => subscribe(socket, one));
      case 'irn_batchFetchMessages':
        return { messages: [], hasMore: false };
      case 'wc_proposeSession':
        subscribe(socket, pairingTopic);
        publish(socket, pairingTopic, String(params['sessionProposal']), 1100);
        return true;
      case 'wc_approveSession':
        subscribe(socket, sessionTopic);
        publish(socket, pairingTopic, String(params['sessionProposalResponse']), 1101);
        publish(socket, sessionTopic, String(params['sessionSettlementRequest']), 1102);
        return true;
      default:
        return true;
    }
  };
  server.on('connection', (socket) => {
    socket.on('message', (data) => {
      const { id, method, params } = JSON.parse(String(data)) as { id: number; method?: string; params?: Params };
      if (method) socket.send(JSON.stringify({ jsonrpc: '2.0', id, result: answer(socket, method, params ?? {}) }));
    });
    socket.on('close', () => listeners.forEach((sockets) => sockets.delete(socket)));
  });
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => {
      for (const socket of server.clients) socket.terminate();
      server.close();
    },
  };
}

/** A wallet on another device, which agrees to everything until told otherwise. */
export async function startRemoteWallet(relayUrl: string, rpc: string, signer: typeof alice) {
  const metadata = { name: 'Remote wallet', description: 'for tests', url: 'https://wallet.example', icons: [] };
  const client = await SignClient.init({ projectId: 'tests', relayUrl, metadata, telemetryEnabled: false, logger: 'silent', storageOptions: { database: ':memory:' } });
  const wallet = createWalletClient({ chain: foundry, transport: http(rpc), account: signer });
  const state = { declineNext: false };
  const asked: string[] = [];
  client.on('session_proposal', ({ id, params }) => {
    const { methods = [], events = [] } = params.optionalNamespaces['eip155'] ?? {};
    void client.approve({ id, namespaces: { eip155: { accounts: [`eip155:31337:${signer.address}`], methods, events } } });
  });
  client.on('session_request', ({ id, topic, params: { request } }) => {
    asked.push(request.method);
    const reply = (response: object) => client.respond({ topic, response: { id, jsonrpc: '2.0', ...response } as never });
    if (state.declineNext) {
      state.declineNext = false;
      return void reply({ error: { code: 5000, message: 'User rejected.' } });
    }
    const [first, second] = request.params as [{ to: Hex; data: Hex }, string];
    const run = request.method === 'eth_sendTransaction' ? wallet.sendTransaction({ to: first.to, data: first.data, gas: 5_000_000n }) : signer.signTypedData(JSON.parse(second) as Parameters<typeof signer.signTypedData>[0]);
    run.then(
      (result) => reply({ result }),
      (error: Error) => reply({ error: { code: -32000, message: error.message } }),
    );
  });
  return {
    asked,
    pair: (uri: string) => client.pair({ uri }),
    declineNext: () => void (state.declineNext = true),
    async disconnect() {
      for (const { topic } of client.session.getAll()) await client.disconnect({ topic, reason: { code: 6000, message: 'bye' } });
    },
    stop: () => client.core.relayer.transportClose(),
  };
}
