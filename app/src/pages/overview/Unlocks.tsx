import { lazy, Suspense } from 'react';
import { useNow } from '../../chain/sync';
import { useAppConfig } from '../../config/context';
import { formatCompact, formatDate, formatPercent, toNumber } from '../../lib/format';
import { words } from '../../lib/text';
import { Card, Empty, Loading, Opg, Table } from '../../ui/primitives';
import { Failure } from '../../ui/Query';
import { type Category, useCategories } from '../token/genesis';
import { drawingTimes, nextMonths, unlockedAt } from './calendar';

const Chart = lazy(() => import('../../ui/Chart'));
const compact = (value: number) => formatCompact(BigInt(Math.round(value)) * 10n ** 18n);

function Calendar({ categories }: { categories: Category[] }) {
  const now = useNow(60);
  const day = Math.floor(now / 86_400) * 86_400;
  const times = [...new Set([...drawingTimes(categories), day])].sort((a, b) => a - b);
  const total = categories.reduce((sum, category) => sum + category.total, 0n);
  const unlocked = unlockedAt(categories, now);
  const months = nextMonths(categories, day, 6);
  return (
    <>
      <Suspense fallback={<Loading wide room={222} />}>
        <Chart
          times={times}
          series={[{ label: 'unlocked', color: 'accent', values: times.map((time) => toNumber(unlockedAt(categories, time))), fill: true }]}
          markers={[{ at: day, label: 'now', color: 'accent' }]}
          summary={`${formatPercent(unlocked, total)} of the supply is unlocked; all of it will be on ${formatDate(times.at(-1) ?? 0)}.`}
          format={compact}
        />
      </Suspense>
      {months.length === 0 ? (
        <Empty title="Everything is unlocked" />
      ) : (
        <Table caption="Unlocks of the next months" head={['Until', 'Unlocks', 'Of the supply', 'From']}>
          {months.map(({ to, amount, parts }) => (
            <tr key={to}>
              <td>{formatDate(to)}</td>
              <td>
                <Opg value={amount} />
              </td>
              <td>{formatPercent(amount, total)}</td>
              <td className="muted">{parts.map(({ name, cliff }) => `${words(name)}${cliff ? ' (cliff ends)' : ''}`).join(', ')}</td>
            </tr>
          ))}
        </Table>
      )}
    </>
  );
}

/** What unlocks when, by the genesis. */
export function Unlocks() {
  const { genesis } = useAppConfig();
  const categories = useCategories();
  if (!genesis) return null;
  return (
    <Card title="Unlock calendar">
      {categories.data ? <Calendar categories={categories.data} /> : categories.error ? <Failure error={categories.error} retry={categories.refetch} /> : <Loading wide room={534} />}
    </Card>
  );
}
