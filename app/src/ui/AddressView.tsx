import { type FocusEvent, lazy, type MouseEvent, type ReactNode, Suspense, useRef, useState } from 'react';
import type { Address } from 'viem';
import { useAccount } from 'wagmi';
import { useAppConfig } from '../config/context';
import { imitated, shorten } from '../lib/address';

// Lists have hundreds of addresses: what shows all of one is loaded and made when somebody points at it.
const Tip = lazy(() => import('./Tip'));
const DELAY = 200;

/** Colours and places from the whole address: two that look alike at both ends differ here. */
function Pattern({ address }: { address: string }) {
  const digits = address.toLowerCase().slice(2);
  const hue = Number.parseInt(digits.slice(10, 14), 16) % 360;
  const cells = Array.from({ length: 15 }, (_, index) => Number.parseInt(digits[index * 2 + 6] ?? '0', 16) % 2 === 1);
  return (
    <svg className="pattern" viewBox="0 0 5 5" aria-hidden="true">
      <rect width="5" height="5" fill={`hsl(${hue} 35% 88%)`} />
      {cells.map((on, index) => {
        const [x, y] = [index % 3, Math.floor(index / 3)];
        if (!on) return null;
        return (
          <g key={index} fill={`hsl(${hue} 50% 36%)`}>
            <rect x={x} y={y} width="1" height="1" />
            {x < 2 && <rect x={4 - x} y={y} width="1" height="1" />}
          </g>
        );
      })}
    </svg>
  );
}

/** Copies a text. Says so for a moment. */
export function Copy({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      setTimeout(() => setCopied(false), 1_500);
    } catch {
      setCopied(false);
    }
  };
  return (
    <button type="button" className="icon-button" aria-label={copied ? 'Copied' : label} onClick={() => void copy()}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        {copied ? <path d="M3 8.5l3.2 3.2L13 5" /> : <path d="M5.5 5.5V3h7.5v7.5h-2.5M3 5.5h7.5V13H3z" />}
      </svg>
    </button>
  );
}

/** A text that shows another one while it is pointed at or has the focus. */
function Pointed({ className, text, href, children }: { className: string; text: string; href: string | undefined; children: ReactNode }) {
  const [anchor, setAnchor] = useState<HTMLElement>();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const shared = {
    className,
    onMouseEnter: ({ currentTarget }: MouseEvent<HTMLElement>) => {
      timer.current = setTimeout(() => setAnchor(currentTarget), DELAY);
    },
    onMouseLeave: () => clearTimeout(timer.current),
    onFocus: ({ currentTarget }: FocusEvent<HTMLElement>) => setAnchor(currentTarget),
    onBlur: () => setAnchor(undefined),
  };
  return (
    <>
      {href ? (
        <a href={href} target="_blank" rel="noopener noreferrer" {...shared}>
          {children}
        </a>
      ) : (
        <span tabIndex={0} {...shared}>
          {children}
        </span>
      )}
      <Suspense>{anchor && <Tip anchor={anchor} text={text} close={() => setAnchor(undefined)} />}</Suspense>
    </>
  );
}

/** An address: its name where this page's configuration knows it, its ends otherwise; all of it on hover and focus. */
export function AddressView({ address, copy = true }: { address: Address; copy?: boolean }) {
  const { names, explorer } = useAppConfig();
  const { address: own } = useAccount();
  const name = own?.toLowerCase() === address.toLowerCase() ? 'You' : names[address.toLowerCase()];
  const twin = imitated(address, [...Object.keys(names), ...(own ? [own] : [])]);
  const text = name ?? shorten(address);
  return (
    <span className="address">
      <Pattern address={address} />
      <Pointed className={name ? 'name' : 'mono'} text={address} href={explorer && `${explorer}/address/${address}`}>
        {text}
      </Pointed>
      {copy && <Copy text={address} label={`Copy address ${address}`} />}
      {twin && (
        <span className="badge bad" title={`Looks like ${twin}, but is another address`}>
          imitates {names[twin.toLowerCase()] ?? 'you'}
        </span>
      )}
    </span>
  );
}
