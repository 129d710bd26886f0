import { useState } from 'react';
import { type Address, getAbiItem, type Hex } from 'viem';
import { usePublicClient } from 'wagmi';
import { vestingVaultAbi } from '../../abi/vestingVault';
import { useLogs } from '../../chain/useLogs';
import { saveFile, toCsv } from '../../lib/csv';
import { formatOpg } from '../../lib/format';
import { AddressView } from '../../ui/AddressView';
import { Button, Empty, Loading, Opg, Table } from '../../ui/primitives';
import { Failure } from '../../ui/Query';
import { BlockTime } from '../../ui/BlockTime';

const RELEASED = getAbiItem({ abi: vestingVaultAbi, name: 'Released' });

function Rows({ id, vault, name }: { id: Hex; vault: Address; name: string }) {
  const client = usePublicClient();
  const history = useLogs({ address: vault, event: RELEASED, args: { schedule: id } });
  const save = async () => {
    if (!client) return;
    const rows = await Promise.all(
      history.logs.map(async ({ args, blockNumber, transactionHash }) => {
        const { timestamp } = await client.getBlock({ blockNumber });
        return [new Date(Number(timestamp) * 1000).toISOString(), formatOpg(args.amount, 'exact').replaceAll(',', ''), args.to, transactionHash];
      }),
    );
    saveFile(`opg-${name}-history.csv`, toCsv([['time', 'amount', 'recipient', 'transaction'], ...rows]));
  };
  if (history.isPending) return <Loading wide />;
  if (history.error && history.logs.length === 0) return <Failure error={history.error} retry={history.refetch} />;
  return (
    <div className="stack">
      {history.logs.length === 0 ? (
        <Empty title="Nothing was claimed yet" />
      ) : (
        <Table caption="Claims of this grant" head={['When', 'Amount', 'Recipient']}>
          {history.logs.map(({ args, blockNumber, transactionHash, logIndex }) => (
            <tr key={`${transactionHash}${logIndex}`}>
              <td>
                <BlockTime block={blockNumber} />
              </td>
              <td>
                <Opg value={args.amount} />
              </td>
              <td>
                <AddressView address={args.to} />
              </td>
            </tr>
          ))}
        </Table>
      )}
      <div className="row">
        {history.logs.length > 0 && <Button onClick={() => void save()}>Save as CSV</Button>}
        {history.hasNextPage && (
          <Button busy={history.isFetchingNextPage} onClick={() => void history.fetchNextPage()}>
            Look further back
          </Button>
        )}
      </div>
    </div>
  );
}

/** Claims of a grant; read when opened. */
export function GrantHistory(props: { id: Hex; vault: Address; name: string }) {
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>History</summary>
      {open && <Rows {...props} />}
    </details>
  );
}
