import { useQuery } from '@tanstack/react-query';
import { formatEther, type Hex } from 'viem';
import { usePublicClient } from 'wagmi';
import { describeError } from '../../chain/errors';
import { useNow } from '../../chain/sync';
import { useAppConfig } from '../../config/context';
import { words } from '../../lib/text';
import { AddressView } from '../../ui/AddressView';
import { Badge, Loading, Rows } from '../../ui/primitives';
import { type DecodedCall, decodeCall } from './decode';
import type { Proposal } from './proposal';

type Calls = Pick<Proposal, 'targets' | 'values' | 'calldatas'>;

/** Whether each call would work if the timelock made it now. One that needs an earlier one of the same proposal cannot. */
function useSimulation({ targets, values, calldatas }: Calls, enabled: boolean) {
  const { contracts, chainId } = useAppConfig();
  const client = usePublicClient();
  const now = useNow(60);
  return useQuery({
    queryKey: ['chain', 'simulation', chainId, targets, values.map(String), calldatas],
    enabled: enabled && Boolean(client && contracts.timelock),
    queryFn: () =>
      Promise.all(
        targets.map(async (to, index) => {
          if (!client || !contracts.timelock) return undefined;
          // The governor lets the timelock call it only while a proposal is executed; there is nothing to try before.
          if (to === contracts.governor) return undefined;
          try {
            await client.call({ account: contracts.timelock, to, data: calldatas[index] as Hex, value: values[index] ?? 0n });
            return { works: true as const };
          } catch (error) {
            return { works: false as const, problem: await describeError(error, now) };
          }
        }),
      ),
  });
}

function One({ call, number, result, pending }: { call: DecodedCall; number: number; result: { works: boolean; problem?: { title: string } } | undefined; pending: boolean }) {
  const { names } = useAppConfig();
  const contract = names[call.target.toLowerCase()];
  return (
    <li className="call">
      <div className="row">
        <strong>
          {number}. {call.known ? <span>{words(call.name)}</span> : call.name}
        </strong>
        <span className="muted">on {contract ?? 'an unknown contract'}</span>
        {pending && <Loading />}
        {result?.works && <Badge tone="good">would work now</Badge>}
        {result && !result.works && <Badge tone="bad">would fail now: {result.problem?.title}</Badge>}
      </div>
      {!call.known && <p className="warning">This page cannot read what this call does. Vote for it only if you checked its bytes.</p>}
      <Rows
        rows={[
          { label: 'Contract', value: <AddressView address={call.target} /> },
          ...(call.value > 0n ? [{ label: 'Ether', value: `${formatEther(call.value)} ETH` }] : []),
          ...call.arguments.map(({ name, value, address }) => ({ label: <span className="capital">{name}</span>, value: address ? <AddressView address={address} /> : value })),
        ]}
      />
      <details>
        <summary>Bytes</summary>
        <code>{call.data}</code>
      </details>
    </li>
  );
}

/** What a proposal does, call by call. */
export function Calls({ calls, simulated = true }: { calls: Calls; simulated?: boolean }) {
  const config = useAppConfig();
  const simulation = useSimulation(calls, simulated);
  return (
    <ol className="list">
      {calls.targets.map((target, index) => (
        <One
          key={index}
          number={index + 1}
          call={decodeCall(config, target, calls.values[index] ?? 0n, calls.calldatas[index] ?? '0x')}
          result={simulation.data?.[index]}
          pending={simulated && simulation.isPending && simulation.fetchStatus !== 'idle'}
        />
      ))}
    </ol>
  );
}
