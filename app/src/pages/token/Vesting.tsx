import { lazy, Suspense, useState } from 'react';
import type { Address } from 'viem';
import { useReadContracts } from 'wagmi';
import { vestingVaultAbi } from '../../abi/vestingVault';
import { useNow } from '../../chain/sync';
import { useAppConfig } from '../../config/context';
import { readAddress } from '../../lib/address';
import { formatCompact, formatDate, formatDuration, formatPercent, formatTime, toNumber } from '../../lib/format';
import { words } from '../../lib/text';
import { bends, endOf, vestedAt } from '../../lib/vesting';
import { useTx } from '../../tx/context';
import { AddressField } from '../../ui/Field';
import { Badge, Bar, Button, Card, Empty, Figure, Figures, Loading, Notice, Opg, Rows } from '../../ui/primitives';
import { Failure } from '../../ui/Query';
import { type Grant, useGrants } from './genesis';
import { GrantHistory } from './GrantHistory';

const Chart = lazy(() => import('../../ui/Chart'));
const million = (value: number) => formatCompact(BigInt(Math.round(value)) * 10n ** 18n);

function GrantChart({ grant }: { grant: Grant }) {
  const now = useNow();
  // Redrawn each hour, not each second.
  const hour = Math.floor(now / 3_600) * 3_600;
  const curve = { ...grant.schedule, start: grant.start, cliff: grant.cliff, duration: grant.duration };
  const times = [...new Set([...bends(curve), hour])].sort((a, b) => a - b);
  const markers = [
    ...(grant.cliff > 0 ? [{ at: grant.start + grant.cliff, label: 'cliff', color: 'warn' as const }] : []),
    { at: hour, label: 'now', color: 'accent' as const },
  ];
  const summary = `Vesting from ${formatDate(grant.start)} to ${formatDate(endOf(curve))}; ${formatPercent(vestedAt(curve, now), curve.amount)} has vested.`;
  return (
    <Suspense fallback={<Loading wide />}>
      <Chart times={times} series={[{ label: 'vested', color: 'accent', values: times.map((time) => toNumber(vestedAt(curve, time))), fill: true }]} markers={markers} summary={summary} format={million} height={190} />
    </Suspense>
  );
}

function GrantCard({ grant, vault, account }: { grant: Grant; vault: Address; account: Address }) {
  const { schedule, proof } = grant;
  const begin = useTx();
  const now = useNow();
  const [elsewhere, setElsewhere] = useState('');
  const other = readAddress(elsewhere);
  const contract = { address: vault, abi: vestingVaultAbi } as const;
  const id = useReadContracts({ allowFailure: false, contracts: [{ ...contract, functionName: 'scheduleId', args: [schedule] }], query: { staleTime: Infinity } }).data?.[0];
  const state = useReadContracts({
    allowFailure: false,
    contracts: [
      { ...contract, functionName: 'stateOf', args: [id ?? '0x'] },
      { ...contract, functionName: 'releasable', args: [schedule] },
      { ...contract, functionName: 'nextUnlock', args: [schedule] },
      { ...contract, functionName: 'beneficiaryOf', args: [schedule] },
    ],
    query: { enabled: id !== undefined },
  });
  if (!state.data || !id) return <Card title={words(grant.name)}>{state.error ? <Failure error={state.error} retry={state.refetch} /> : <Loading wide />}</Card>;
  const [{ released, revoked, revokedTotal }, claimable, [nextAt, nextAmount], beneficiary] = state.data;
  const curve = { ...schedule, start: grant.start, cliff: grant.cliff, duration: grant.duration };
  const total = revoked ? revokedTotal : schedule.amount;
  const vested = released + claimable;
  const linear = nextAt > 0n && Number(nextAt) >= grant.start + grant.cliff && grant.duration > 0;

  const claim = (to?: Address) =>
    begin({
      title: to ? 'Claim to another address' : 'Claim vested OPG',
      action: 'Claim',
      effects: [
        { label: 'Amount', value: <Opg value={claimable} /> },
        { label: 'Goes to', value: to ? <span className="mono">{to}</span> : 'your account' },
        { label: 'Of the grant', value: words(grant.name) },
      ],
      steps: [
        {
          kind: 'send',
          label: 'Claim',
          call: to
            ? { ...contract, functionName: 'claimTo', args: [schedule, proof, to] }
            : { ...contract, functionName: 'release', args: [schedule, proof] },
        },
      ],
      done: 'The tokens were paid.',
    });
  return (
    <Card
      title={<span className="capital">{words(grant.name)}</span>}
      action={
        <span className="row">
          {revoked && <Badge tone="bad">revoked</Badge>}
          {schedule.revocable && !revoked && <Badge tone="quiet">revocable</Badge>}
          {schedule.transferable && <Badge tone="quiet">transferable</Badge>}
        </span>
      }
    >
      {beneficiary !== account && <Notice tone="warn" title="This grant was handed on to another account" />}
      <div className="columns wide-left">
        <GrantChart grant={grant} />
        <Rows
          rows={[
            { label: 'Grant', value: <Opg value={schedule.amount} /> },
            { label: 'Vested', value: <Opg value={vested} /> },
            { label: 'Claimed', value: <Opg value={released} /> },
            { label: 'Begins', value: formatDate(grant.start) },
            ...(grant.cliff > 0 ? [{ label: 'Cliff', value: formatDate(grant.start + grant.cliff) }] : []),
            { label: 'Ends', value: formatDate(endOf(curve)) },
          ]}
        />
      </div>
      <Bar
        label={`${formatPercent(released, total)} claimed, ${formatPercent(claimable, total)} claimable`}
        parts={[
          { percent: Number((released * 10_000n) / (total || 1n)) / 100, tone: 'accent' },
          { percent: Number((claimable * 10_000n) / (total || 1n)) / 100, tone: 'for' },
        ]}
      />
      <Figures>
        <Figure label="Claimable now">
          <Opg value={claimable} />
        </Figure>
        <Figure
          label="Next unlock"
          note={nextAt === 0n ? undefined : linear && Number(nextAt) - now < 120 ? 'a little each second' : formatTime(nextAt)}
        >
          {nextAt === 0n ? 'all vested' : linear && Number(nextAt) - now < 120 ? 'now' : `in ${formatDuration(Number(nextAt) - now)}`}
        </Figure>
        {nextAt > 0n && !(linear && Number(nextAt) - now < 120) && (
          <Figure label="It unlocks">
            <Opg value={nextAmount} />
          </Figure>
        )}
      </Figures>
      {beneficiary === account && (
        <>
          <div className="row">
            <Button kind="primary" disabled={claimable === 0n} onClick={() => claim()}>
              Claim
            </Button>
          </div>
          <details>
            <summary>Claim to another address</summary>
            <AddressField label="Recipient of the claim" value={elsewhere} onChange={setElsewhere} />
            <Button disabled={claimable === 0n || !('address' in other)} onClick={() => 'address' in other && claim(other.address)}>
              Review
            </Button>
          </details>
        </>
      )}
      <GrantHistory id={id} vault={vault} name={grant.name} />
    </Card>
  );
}

/** All grants of an account. */
export function Vesting({ account }: { account: Address }) {
  const { contracts, genesis } = useAppConfig();
  const grants = useGrants(account);
  const vault = contracts.vestingVault;
  if (!vault) return null;
  if (!genesis) {
    return (
      <Card title="Vesting">
        <Empty title="This page has no genesis files">
          <p>Grants are proven by files that the project publishes. Whoever serves this page names their folder in config.json.</p>
        </Empty>
      </Card>
    );
  }
  if (grants.error) {
    return (
      <Card title="Vesting">
        <Failure error={grants.error} retry={grants.refetch} />
      </Card>
    );
  }
  if (!grants.data) return <Card title="Vesting"><Loading wide /></Card>;
  if (grants.data.length === 0) {
    return (
      <Card title="Vesting">
        <Empty title="This account has no grants" />
      </Card>
    );
  }
  return (
    <>
      {grants.data.map((grant) => (
        <GrantCard key={`${grant.schedule.category}/${grant.schedule.index}`} grant={grant} vault={vault} account={account} />
      ))}
    </>
  );
}
