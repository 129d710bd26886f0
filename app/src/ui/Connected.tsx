import type { ReactNode } from 'react';
import type { Address } from 'viem';
import { useAccount } from 'wagmi';
import { Card, Empty } from './primitives';

/** What needs an account, or the hint to connect one. */
export function Connected({ title, what, children }: { title: string; what: string; children: (account: Address) => ReactNode }) {
  const { address } = useAccount();
  if (address) return <>{children(address)}</>;
  return (
    <Card title={title}>
      <Empty title={`Connect a wallet to ${what}`} />
    </Card>
  );
}
