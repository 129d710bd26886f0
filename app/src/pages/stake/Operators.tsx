import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Address } from 'viem';
import { useAccount, usePublicClient, useReadContracts } from 'wagmi';
import { stakingAbi } from '../../abi/staking';
import { useNow, usePast } from '../../chain/sync';
import { useAppConfig } from '../../config/context';
import { formatOpg } from '../../lib/format';
import { Button, Card, Empty, Loading, Table } from '../../ui/primitives';
import { Failure } from '../../ui/Query';
import { OperatorRow } from './OperatorRow';
import type { Commission } from './past';
import type { StakingAddresses } from './plans';
import { StakeForm } from './StakeForm';
import { EPOCHS, useFees } from './useFees';
import { usePastOf } from './usePastOf';
import { usePresence } from './usePresence';
import { yearlyBps } from './yearly';

const PAGE = 25n;
const NO_CHANGES: Commission[] = [];

/** Active operators, a page of registrations at a time. */
export function useOperators(staking: Address) {
  const { chainId } = useAppConfig();
  const client = usePublicClient();
  const query = useInfiniteQuery({
    queryKey: ['chain', 'operators', chainId, staking],
    enabled: Boolean(client),
    initialPageParam: 0n,
    queryFn: async ({ pageParam }) => {
      if (!client) throw new Error('disabled');
      const contract = { address: staking, abi: stakingAbi } as const;
      const [count, [operators, stakes]] = await Promise.all([
        client.readContract({ ...contract, functionName: 'operatorCount' }),
        client.readContract({ ...contract, functionName: 'activeOperators', args: [pageParam, PAGE] }),
      ]);
      return { rows: operators.map((operator, index) => ({ operator, stake: stakes[index] ?? 0n })), next: pageParam + PAGE < count ? pageParam + PAGE : undefined };
    },
    getNextPageParam: (page) => page.next,
  });
  return { ...query, operators: query.data?.pages.flatMap(({ rows }) => rows) ?? [] };
}

export function Operators({ addresses }: { addresses: StakingAddresses }) {
  const { staking } = addresses;
  const { address } = useAccount();
  const { contracts: book } = useAppConfig();
  const now = useNow(60);
  const past = usePast(10, 5);
  const list = useOperators(staking);
  const [chosen, setChosen] = useState<Address>();
  const contract = { address: staking, abi: stakingAbi } as const;
  const views = useReadContracts({ allowFailure: false, contracts: list.operators.map(({ operator }) => ({ ...contract, functionName: 'operatorOf', args: [operator] }) as const), query: { enabled: list.operators.length > 0 } });
  const pools = useReadContracts({ allowFailure: false, contracts: list.operators.map(({ operator }) => ({ ...contract, functionName: 'poolsOf', args: [operator] }) as const), query: { enabled: list.operators.length > 0 } });
  // Chains with the first version of staking have no stream.
  const flow = useReadContracts({ contracts: [{ ...contract, functionName: 'stream' }, { ...contract, functionName: 'totalStakeAt', args: [past] }] });
  const stream = flow.data?.[0].status === 'success' ? (flow.data[0].result as readonly [bigint, bigint]) : undefined;
  const total = flow.data?.[1].status === 'success' ? (flow.data[1].result as bigint) : 0n;
  const rate = stream && Number(stream[1]) > now ? stream[0] : 0n;
  const rows = list.operators.map((row, index) => ({ ...row, view: views.data?.[index], pools: pools.data?.[index] })).sort((a, b) => (a.stake < b.stake ? 1 : a.stake > b.stake ? -1 : 0));
  const fees = useFees(list.operators.map(({ operator }) => operator));
  const seen = usePresence(list.operators.map(({ operator }) => operator));
  const history = usePastOf(staking);
  const open = rows.find(({ operator }) => operator === chosen);
  return (
    <Card title="Operators">
      {list.isPending ? (
        <Loading wide room={420} />
      ) : list.error && rows.length === 0 ? (
        <Failure error={list.error} retry={list.refetch} />
      ) : rows.length === 0 ? (
        <Empty title="No operator is active">
          <p>Whoever stakes the least amount can become the first one.</p>
        </Empty>
      ) : (
        <Table caption="Active operators by stake" head={['Operator', 'Own stake', 'Delegated', 'Commission', 'Yearly, as of now', `Fees, ${EPOCHS} epochs`, 'Answered', 'Slashed', '']}>
          {rows.map(({ operator, view, pools: pair }) => (
            <OperatorRow
              key={operator}
              operator={operator}
              view={view}
              own={pair?.[0].assets}
              delegated={pair?.[1].assets}
              yearly={view && yearlyBps(rate, total, view.commissionBps)}
              fees={book.feeRouter ? { amount: fees?.get(operator) } : undefined}
              seen={book.inferenceHub ? { presence: seen?.presence.get(operator), loading: !seen, partial: seen?.partial ?? false } : undefined}
              past={history && { commissions: history.commissions.get(operator) ?? NO_CHANGES, slashed: history.slashes.get(operator), partial: history.partial }}
              mayStake={address !== undefined}
              choose={setChosen}
            />
          ))}
        </Table>
      )}
      {list.hasNextPage && (
        <Button busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          More operators
        </Button>
      )}
      {address && open?.pools && (
        <StakeForm
          key={open.operator}
          addresses={addresses}
          account={address}
          operator={open.operator}
          pool={open.operator === address ? open.pools[0] : open.pools[1]}
          yearly={open.view ? yearlyBps(rate, total, open.view.commissionBps) : undefined}
          close={() => setChosen(undefined)}
        />
      )}
      <p className="muted">Amounts are in OPG{rate > 0n ? `; ${formatOpg(rate * 86_400n)} OPG flow to all active stake each day` : ''}. “Answered” counts the hours of the last 24 with an answer on the chain; answers over HTTP leave none. Slashed is how often and how much, own and delegated stake, without what governance undid.</p>
    </Card>
  );
}
