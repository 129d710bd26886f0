import { encode } from 'uqr';
import { Copy } from '../ui/AddressView';

/** The address of a connection as a code to scan, to open and to copy. */
export default function ScanCode({ uri }: { uri: string }) {
  const { data, size } = encode(uri, { border: 2 });
  const path = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ''))).join('');
  return (
    <div className="scan">
      <svg viewBox={`0 0 ${size} ${size}`} role="img" aria-label="Code to scan with a wallet">
        <rect width={size} height={size} fill="#fff" />
        <path d={path} fill="#000" />
      </svg>
      <p>
        Scan it with the wallet on your phone. <a href={uri}>Open a wallet on this device</a>, or copy the address <Copy text={uri} label="Copy the address of the connection" />
      </p>
      <code className="hidden" data-testid="connection-uri">
        {uri}
      </code>
    </div>
  );
}
