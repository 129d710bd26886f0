import { type Address, getAbiItem } from 'viem';
import { useReadContracts } from 'wagmi';
import { opgAbi } from '../../abi/opg';
import { useNow } from '../../chain/sync';
import { useLogs } from '../../chain/useLogs';
import { useAppConfig, useOpg } from '../../config/context';
import { formatPercent } from '../../lib/format';
import { useTx } from '../../tx/context';
import { AddressView } from '../../ui/AddressView';
import { Button, Card, Empty, Loading, Opg, Table } from '../../ui/primitives';
import { Failure } from '../../ui/Query';

const VOTES_CHANGED = getAbiItem({ abi: opgAbi, name: 'DelegateVotesChanged' });
const SHOWN = 60;

/** Accounts that votes were delegated to lately, by their votes now. */
export default function Delegates({ governor: _ }: { governor: Address }) {
  const opg = useOpg();
  const { contracts } = useAppConfig();
  const begin = useTx();
  const now = useNow();
  const changes = useLogs({ address: opg, event: VOTES_CHANGED, wanted: 200 });
  const accounts = [...new Set(changes.logs.map(({ args }) => args.delegate))].filter((account) => account !== contracts.sentinel).slice(0, SHOWN);
  const votes = useReadContracts({
    allowFailure: false,
    contracts: [
      ...accounts.map((account) => ({ address: opg, abi: opgAbi, functionName: 'getVotes', args: [account] }) as const),
    ],
    query: { enabled: accounts.length > 0 },
  });
  const total = useReadContracts({ allowFailure: false, contracts: [{ address: opg, abi: opgAbi, functionName: 'getPastTotalSupply', args: [BigInt(Math.floor((now - 10) / 60) * 60)] }] }).data?.[0];
  const rows = accounts.map((account, index) => ({ account, weight: votes.data?.[index] ?? 0n })).sort((a, b) => (a.weight < b.weight ? 1 : a.weight > b.weight ? -1 : 0));
  const delegate = (to: Address) =>
    begin({
      title: 'Delegate your votes',
      action: 'Delegate',
      effects: [
        { label: 'Your votes go to', value: <span className="mono">{to}</span> },
        { label: 'Your tokens', value: 'stay where they are' },
      ],
      steps: [{ kind: 'send', label: 'Delegate', call: { address: opg, abi: opgAbi, functionName: 'delegate', args: [to] } }],
      done: 'Your votes moved.',
    });
  if (changes.isPending) return <Card title="Delegates"><Loading wide /></Card>;
  if (changes.error && rows.length === 0) return <Failure error={changes.error} retry={changes.refetch} />;
  return (
    <Card title="Delegates">
      {rows.length === 0 ? (
        <Empty title="Nobody delegated votes in the blocks that were searched" />
      ) : (
        <Table caption="Delegates by votes" head={['Account', 'Votes', 'Of all units', '']}>
          {rows.map(({ account, weight }) => (
            <tr key={account}>
              <td>
                <AddressView address={account} />
              </td>
              <td>
                <Opg value={votes.data ? weight : undefined} unit={false} />
              </td>
              <td>{total ? formatPercent(weight, total) : <Loading />}</td>
              <td>
                <Button aria-label={`Delegate to ${account}`} onClick={() => delegate(account)}>
                  Delegate
                </Button>
              </td>
            </tr>
          ))}
        </Table>
      )}
      {changes.hasNextPage && (
        <Button busy={changes.isFetchingNextPage} onClick={() => void changes.fetchNextPage()}>
          Look further back
        </Button>
      )}
    </Card>
  );
}
