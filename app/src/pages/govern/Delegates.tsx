import { useQuery } from '@tanstack/react-query';
import { Fragment, lazy, Suspense, useState } from 'react';
import { type Address, getAbiItem } from 'viem';
import { usePublicClient, useReadContracts } from 'wagmi';
import { opgAbi } from '../../abi/opg';
import { usePast } from '../../chain/sync';
import { useLogs } from '../../chain/useLogs';
import { useAppConfig, useOpg } from '../../config/context';
import { formatDate, formatPercent } from '../../lib/format';
import { useTx } from '../../tx/context';
import { AddressView } from '../../ui/AddressView';
import { Markdown } from '../../ui/Markdown';
import { Button, Card, Empty, Loading, Notice, Opg, Table } from '../../ui/primitives';
import { Failure } from '../../ui/Query';
import { loadStatements, type Statement } from './statements';
import { useParticipation } from './useParticipation';

const OwnStatement = lazy(() => import('./OwnStatement'));
const VOTES_CHANGED = getAbiItem({ abi: opgAbi, name: 'DelegateVotesChanged' });
const SHOWN = 25;

/** Statements of delegates, from the file that the configuration names; none without it. */
function useStatements() {
  const { statements, chainId } = useAppConfig();
  const opg = useOpg();
  const client = usePublicClient();
  return useQuery({
    queryKey: ['statements', statements, chainId],
    enabled: Boolean(client && statements),
    staleTime: 300_000,
    queryFn: async () => {
      if (!client || !statements) throw new Error('disabled');
      return loadStatements(client, statements, chainId, opg);
    },
  });
}

function Said({ statement }: { statement: Statement }) {
  return (
    <details>
      <summary>Statement of {formatDate(statement.writtenAt)}</summary>
      <Markdown text={statement.text} />
    </details>
  );
}

/** Accounts that said why, and those that votes were delegated to lately, by their votes now. */
export default function Delegates({ governor }: { governor: Address }) {
  const opg = useOpg();
  const { contracts } = useAppConfig();
  const begin = useTx();
  const past = usePast(60, 10);
  const changes = useLogs({ address: opg, event: VOTES_CHANGED, wanted: 200 });
  const statements = useStatements();
  const [shown, setShown] = useState(SHOWN);
  const known = [...new Set([...(statements.data?.keys() ?? []), ...changes.logs.map(({ args }) => args.delegate)])].filter((account) => account !== contracts.sentinel);
  const accounts = known.slice(0, shown);
  const votes = useReadContracts({
    allowFailure: false,
    contracts: accounts.map((account) => ({ address: opg, abi: opgAbi, functionName: 'getVotes', args: [account] }) as const),
    query: { enabled: accounts.length > 0 },
  });
  const participation = useParticipation(governor, accounts);
  const total = useReadContracts({ allowFailure: false, contracts: [{ address: opg, abi: opgAbi, functionName: 'getPastTotalSupply', args: [past] }] }).data?.[0];
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
  const more = () => {
    setShown(shown + SHOWN);
    if (known.length <= shown) void changes.fetchNextPage();
  };
  const took = (account: Address) => {
    if (!participation) return <Loading />;
    return participation.of === 0 ? <span className="muted">no vote yet</span> : `${participation.votes.get(account) ?? 0} of ${participation.of}`;
  };
  if (changes.isPending) return <Card title="Delegates"><Loading wide /></Card>;
  if (changes.error && rows.length === 0) return <Failure error={changes.error} retry={changes.refetch} />;
  return (
    <>
      <Card title="Delegates">
        {statements.error && <Notice tone="warn" title="The statements of delegates could not be read" />}
        {rows.length === 0 ? (
          <Empty title="Nobody delegated votes in the blocks that were searched" />
        ) : (
          <Table caption="Delegates by votes" head={['Account', 'Votes', 'Of all units', 'Voted lately', '']}>
            {rows.map(({ account, weight }) => {
              const statement = statements.data?.get(account);
              return (
                <Fragment key={account}>
                  <tr className={statement ? 'joined' : undefined}>
                    <td>
                      <AddressView address={account} />
                    </td>
                    <td>
                      <Opg value={votes.data ? weight : undefined} unit={false} />
                    </td>
                    <td>{total ? formatPercent(weight, total) : <Loading />}</td>
                    <td>{took(account)}</td>
                    <td>
                      <Button aria-label={`Delegate to ${account}`} onClick={() => delegate(account)}>
                        Delegate
                      </Button>
                    </td>
                  </tr>
                  {statement && (
                    <tr>
                      <td colSpan={5}>
                        <Said statement={statement} />
                      </td>
                    </tr>
                  )}
                </Fragment>
              );
            })}
          </Table>
        )}
        {(known.length > shown || changes.hasNextPage) && (
          <Button busy={changes.isFetchingNextPage} onClick={more}>
            {known.length > shown ? 'More delegates' : 'Look further back'}
          </Button>
        )}
        <p className="muted">“Voted lately” counts the latest proposals whose voting has begun, at most eight. Statements are signed by their delegates.</p>
      </Card>
      <Suspense>
        <OwnStatement />
      </Suspense>
    </>
  );
}
