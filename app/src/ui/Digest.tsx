import type { Hex } from 'viem';
import { shorten } from '../lib/address';
import { Copy } from './AddressView';

/** 32 bytes that stand for something: their ends; all of them on hover and to copy. */
export const Digest = ({ value, label }: { value: Hex; label: string }) => (
  <span className="hash">
    <span className="mono" title={value}>
      {shorten(value)}
    </span>
    <Copy text={value} label={`Copy ${label}`} />
  </span>
);
