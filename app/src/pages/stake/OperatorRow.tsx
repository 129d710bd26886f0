import { memo } from 'react';
import type { Address } from 'viem';
import { Link } from '../../app/router';
import { formatBps, formatDate } from '../../lib/format';
import { AddressView } from '../../ui/AddressView';
import { Badge, Button, Loading, Opg } from '../../ui/primitives';
import type { Commission, Slashed } from './past';
import type { Presence } from './presence';
import { Seen } from './Seen';

/** What the chain has of an operator in force. */
export type OperatorView = { commissionBps: number; nextCommissionBps: number; commissionFrom: bigint; openSlashes: number };

type Props = {
  operator: Address;
  view: OperatorView | undefined;
  own: bigint | undefined;
  delegated: bigint | undefined;
  /** Yearly rewards of delegators in basis points; none where nothing flows. */
  yearly: number | undefined;
  /** None where the chain has no router. */
  fees: { amount: bigint | undefined } | undefined;
  seen: { presence: Presence | undefined; loading: boolean; partial: boolean } | undefined;
  past: { commissions: Commission[]; slashed: Slashed | undefined; partial: boolean } | undefined;
  mayStake: boolean;
  choose: (operator: Address) => void;
};

const None = () => <span className="muted">none</span>;

function CommissionCell({ view, commissions }: { view: OperatorView | undefined; commissions: Commission[] }) {
  if (!view) return <Loading />;
  return (
    <>
      {formatBps(view.commissionBps)}
      {view.nextCommissionBps !== view.commissionBps && (
        <span className="warning">
          {' '}
          → {formatBps(view.nextCommissionBps)} on {formatDate(view.commissionFrom)}
        </span>
      )}
      {commissions.length > 1 && (
        <details>
          <summary>history</summary>
          <ol className="plain">
            {commissions.map(({ bps, from }, index) => (
              <li key={index}>
                {formatBps(bps)} from {formatDate(from)}
              </li>
            ))}
          </ol>
        </details>
      )}
    </>
  );
}

function SlashesCell({ open, slashed, partial }: { open: number; slashed: Slashed | undefined; partial: boolean }) {
  return (
    <>
      {slashed ? (
        <>
          {partial ? 'at least ' : ''}
          {slashed.count}: <Opg value={slashed.amount} unit={false} />
        </>
      ) : (
        <span className="muted">{partial ? 'none lately' : 'none'}</span>
      )}{' '}
      {open > 0 && <Badge tone="bad">{open} open</Badge>}
    </>
  );
}

/** One operator in the table. Drawn anew only when something in it changed: tables have many rows, and each block brings news. */
export const OperatorRow = memo(function OperatorRow({ operator, view, own, delegated, yearly, fees, seen, past, mayStake, choose }: Props) {
  return (
    <tr>
      <td>
        <AddressView address={operator} /> <Link to={['nodes', operator]} aria-label={`Profile of ${operator}`}>profile</Link>
      </td>
      <td>
        <Opg value={own} unit={false} />
      </td>
      <td>
        <Opg value={delegated} unit={false} />
      </td>
      <td>
        <CommissionCell view={view} commissions={past?.commissions ?? []} />
      </td>
      <td>{yearly === undefined ? <span className="muted">nothing flows</span> : formatBps(yearly)}</td>
      <td>{fees ? <Opg value={fees.amount} unit={false} /> : <None />}</td>
      <td>{seen ? <Seen {...seen} /> : <None />}</td>
      <td>{past && view ? <SlashesCell open={view.openSlashes} slashed={past.slashed} partial={past.partial} /> : <Loading />}</td>
      <td>
        <Button disabled={!mayStake || (view?.openSlashes ?? 0) > 0} aria-label={`Stake at ${operator}`} onClick={() => choose(operator)}>
          Stake
        </Button>
      </td>
    </tr>
  );
}, isSame);

/** Whether a row shows the same: props are compared, and those that are put together here by what is in them. */
function isSame(before: Props, after: Props): boolean {
  return (Object.keys(after) as (keyof Props)[]).every((key) => {
    const [a, b] = [before[key], after[key]];
    if (Object.is(a, b)) return true;
    if (typeof a !== 'object' || typeof b !== 'object' || !a || !b) return false;
    return Object.entries(b).every(([name, value]) => Object.is((a as Record<string, unknown>)[name], value));
  });
}
