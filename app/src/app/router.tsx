import { type AnchorHTMLAttributes, type RefObject, useEffect, useSyncExternalStore } from 'react';

// The path is kept behind `#`, so that the page works from any folder and from IPFS without a server that rewrites.
const subscribe = (listener: () => void) => {
  window.addEventListener('hashchange', listener);
  return () => window.removeEventListener('hashchange', listener);
};
const read = () => window.location.hash.replace(/^#\/?/, '');

/** Parts of the path, decoded. */
export function useRoute(): string[] {
  const path = useSyncExternalStore(subscribe, read);
  return (path.split('?')[0] ?? '').split('/').filter(Boolean).map(decode);
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Address of a path within the page. */
export const href = (...parts: (string | number | bigint)[]): string => `#/${parts.map((part) => encodeURIComponent(String(part))).join('/')}`;

export const go = (...parts: (string | number | bigint)[]): void => {
  window.location.hash = href(...parts);
};

type LinkProps = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, 'href'> & { to: (string | number | bigint)[] };

export const Link = ({ to, ...rest }: LinkProps) => <a href={href(...to)} {...rest} />;

// A heading that appears soon after a change of page is where reading goes on.
const SOON = 5_000;
let changed = Number.NEGATIVE_INFINITY;
window.addEventListener('hashchange', () => {
  changed = performance.now();
});

/** After a change of page, the focus goes to its heading, once it is there. */
export function useArrival(heading: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    if (performance.now() - changed > SOON) return;
    changed = Number.NEGATIVE_INFINITY;
    heading.current?.focus({ preventScroll: true });
  }, [heading]);
}

/** A page begins at its top. */
export function useScrollToTop(path: string): void {
  useEffect(() => {
    // Newer browsers answer with a promise, which React would take for a way to clean up.
    void window.scrollTo(0, 0);
  }, [path]);
}
