import { useState } from 'react';
import { type Address, getAbiItem } from 'viem';
import { useReadContracts } from 'wagmi';
import { stakingAbi } from '../../abi/staking';
import { useLogs } from '../../chain/useLogs';
import { formatTime } from '../../lib/format';
import { AddressView } from '../../ui/AddressView';
import { Badge, Button, Card, Empty, Loading, Opg, Table } from '../../ui/primitives';
import { Failure } from '../../ui/Query';

const SLASH_OPENED = getAbiItem({ abi: stakingAbi, name: 'SlashOpened' });
const OFFENCES: Record<number, string> = {
  1: 'two receipts for one request',
  2: 'wrong result',
  3: 'bad signature or no lease',
  4: 'demanded leaf not answered',
  5: 'missed or outlying observation',
};

function List({ staking, operator }: { staking: Address; operator?: Address | undefined }) {
  const slashes = useLogs({ address: staking, event: SLASH_OPENED, ...(operator ? { args: { operator } } : {}) });
  const open = useReadContracts({
    allowFailure: false,
    contracts: slashes.logs.map(({ args }) => ({ address: staking, abi: stakingAbi, functionName: 'executableAt', args: [args.slashId] }) as const),
    query: { enabled: slashes.logs.length > 0 },
  });
  if (slashes.isPending) return <Loading wide />;
  if (slashes.error && slashes.logs.length === 0) return <Failure error={slashes.error} retry={slashes.refetch} />;
  return (
    <>
      {slashes.logs.length === 0 ? (
        <Empty title="No slash in the blocks that were searched" />
      ) : (
        <Table caption="Slashes" head={['Offence', 'Operator', 'Own stake', 'Delegated', 'State']}>
          {slashes.logs.map(({ args }, index) => {
            const at = open.data?.[index];
            return (
              <tr key={args.slashId}>
                <td>
                  {OFFENCES[args.slash.offence] ?? `offence ${args.slash.offence}`}
                  <div className="muted">{formatTime(args.slash.capturedAt)}</div>
                </td>
                <td>
                  <AddressView address={args.operator} />
                </td>
                <td>
                  <Opg value={args.slash.own} unit={false} />
                </td>
                <td>
                  <Opg value={args.slash.pool} unit={false} />
                </td>
                <td>{at === undefined ? <Loading /> : at === 0n ? <Badge tone="quiet">decided</Badge> : <Badge tone="warn">can be vetoed until {formatTime(at)}</Badge>}</td>
              </tr>
            );
          })}
        </Table>
      )}
      {slashes.hasNextPage && (
        <Button busy={slashes.isFetchingNextPage} onClick={() => void slashes.fetchNextPage()}>
          Look further back
        </Button>
      )}
    </>
  );
}

/** Slashes of all operators or of one; read when asked for. */
export function SlashLog({ staking, operator }: { staking: Address; operator?: Address }) {
  const [open, setOpen] = useState(false);
  return <Card title="Slashes">{open ? <List staking={staking} operator={operator} /> : <Button onClick={() => setOpen(true)}>Show slashes</Button>}</Card>;
}
