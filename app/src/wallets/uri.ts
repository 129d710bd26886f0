import { useSyncExternalStore } from 'react';

// The address that a wallet scans, while one is asked for; the connector writes it, the dialog shows it.
let current: string | undefined;
let cancel: (() => void) | undefined;
const listeners = new Set<() => void>();

/** Shows an address to scan, or none. The promise fails when the person gives up. */
export function showUri(uri: string | undefined): Promise<never> {
  current = uri;
  for (const listener of listeners) listener();
  return new Promise((_, reject) => {
    cancel = uri ? () => reject(new Error('rejected: the dialog was closed')) : undefined;
  });
}

/** Gives up waiting for a wallet. */
export const cancelUri = (): void => cancel?.();

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};

/** The address to scan, if any. */
export const useUri = (): string | undefined => useSyncExternalStore(subscribe, () => current);
