import { useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { usePublicClient } from 'wagmi';
import { useAppConfig } from '../config/context';

/** What the page knows of the head of the chain. */
export type Head = { number: bigint; hash: string; timestamp: bigint };

type Sync = {
  head: Head | undefined;
  /** Seconds that the chain's clock is ahead of this computer's. */
  offset: number;
  /** No answer from any RPC. */
  isDown: boolean;
  /** How often blocks that the page had seen were replaced. */
  reorgs: number;
};

const SyncContext = createContext<Sync>({ head: undefined, offset: 0, isDown: false, reorgs: 0 });
/** Keys of queries whose answers depend on the head. wagmi's begin with the name of the action. */
const CHAIN_QUERIES = new Set(['readContract', 'readContracts', 'balance', 'logs', 'chain']);

/** Follows the head: reads again what is on the page when there is a new block, and notices outages and reorgs. */
export function ChainSync({ children }: { children: ReactNode }) {
  const { pollingInterval } = useAppConfig();
  const client = usePublicClient();
  const queries = useQueryClient();
  const [sync, setSync] = useState<Sync>({ head: undefined, offset: 0, isDown: false, reorgs: 0 });
  const seen = useRef<Head | undefined>(undefined);

  useEffect(() => {
    if (!client) return;
    let ended = false;
    let timer: ReturnType<typeof setTimeout> | undefined;

    const isReplaced = async (last: Head, head: Head & { parentHash: string }): Promise<boolean> => {
      if (head.number === last.number) return head.hash !== last.hash;
      if (head.number < last.number) return true;
      if (head.number === last.number + 1n) return head.parentHash !== last.hash;
      return (await client.getBlock({ blockNumber: last.number })).hash !== last.hash;
    };
    const look = async () => {
      try {
        const block = await client.getBlock();
        const head = { number: block.number, hash: block.hash, timestamp: block.timestamp, parentHash: block.parentHash };
        const last = seen.current;
        const replaced = last !== undefined && (await isReplaced(last, head));
        if (ended) return;
        if (last?.hash !== head.hash) {
          seen.current = head;
          const offset = Number(head.timestamp) - Math.floor(Date.now() / 1000);
          setSync(({ reorgs }) => ({ head, offset, isDown: false, reorgs: replaced ? reorgs + 1 : reorgs }));
          const predicate = ({ queryKey }: { queryKey: readonly unknown[] }) => CHAIN_QUERIES.has(String(queryKey[0]));
          // Answers of blocks that are gone must not be shown as the last known ones.
          if (replaced) queries.removeQueries({ predicate, type: 'inactive' });
          if (last) await queries.invalidateQueries({ predicate });
        } else {
          setSync((before) => (before.isDown ? { ...before, isDown: false } : before));
        }
      } catch {
        if (!ended) setSync((before) => (before.isDown ? before : { ...before, isDown: true }));
      }
    };
    const loop = async () => {
      if (!document.hidden) await look();
      if (!ended) timer = setTimeout(() => void loop(), pollingInterval);
    };
    void loop();
    return () => {
      ended = true;
      clearTimeout(timer);
    };
  }, [client, pollingInterval, queries]);

  return <SyncContext value={sync}>{children}</SyncContext>;
}

/** The head of the chain. */
export const useSync = (): Sync => useContext(SyncContext);

// One timer for everything on the page that shows a time.
const clocks = new Set<() => void>();
let seconds = Math.floor(Date.now() / 1000);
let ticking: ReturnType<typeof setInterval> | undefined;
const tick = () => {
  seconds = Math.floor(Date.now() / 1000);
  for (const clock of clocks) clock();
};
const subscribe = (clock: () => void) => {
  if (clocks.size === 0) {
    seconds = Math.floor(Date.now() / 1000);
    ticking = setInterval(tick, 1_000);
  }
  clocks.add(clock);
  return () => {
    clocks.delete(clock);
    if (clocks.size === 0) clearInterval(ticking);
  };
};

/** Unix time by the chain's clock, rounded down to `step` seconds. Whoever shows no seconds is drawn anew only when it changes. */
export function useNow(step = 1): number {
  const { offset } = useSync();
  return useSyncExternalStore(subscribe, () => Math.floor((seconds + offset) / step) * step);
}

/**
 * A time of the past for which contracts keep figures, rounded down to `step` so that it is asked for once. Never later than
 * the latest block, however long ago that was: contracts refuse to tell the future.
 */
export function usePast(step: number, lag: number): bigint {
  const { head, offset } = useSync();
  const past = (latest: number) => Math.floor((latest - lag) / step) * step;
  return BigInt(useSyncExternalStore(subscribe, () => past(head ? Math.min(seconds + offset, Number(head.timestamp)) : seconds)));
}
