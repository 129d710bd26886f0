import { Tooltip, TooltipAnchor, TooltipProvider } from '@ariakit/react';
import { useState } from 'react';
import type { Address } from 'viem';
import { useAccount } from 'wagmi';
import { useAppConfig } from '../config/context';
import { imitated, shorten } from '../lib/address';

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
      <TooltipProvider timeout={200}>
        <TooltipAnchor
          render={explorer ? <a href={`${explorer}/address/${address}`} target="_blank" rel="noopener noreferrer" /> : <span tabIndex={0} />}
          className={name ? 'name' : 'mono'}
        >
          {text}
        </TooltipAnchor>
        <Tooltip className="tooltip mono">{address}</Tooltip>
      </TooltipProvider>
      {copy && <Copy text={address} label={`Copy address ${address}`} />}
      {twin && (
        <span className="badge bad" title={`Looks like ${twin}, but is another address`}>
          imitates {names[twin.toLowerCase()] ?? 'you'}
        </span>
      )}
    </span>
  );
}
