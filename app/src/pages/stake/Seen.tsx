import { useNow } from '../../chain/sync';
import { formatDuration, formatTime } from '../../lib/format';
import { Loading } from '../../ui/primitives';
import type { Presence } from './presence';

/** In how many of the last 24 hours an operator answered on the chain, and when last. */
export function Seen({ presence, loading, partial }: { presence: Presence | undefined; loading: boolean; partial: boolean }) {
  const now = useNow(10);
  if (loading) return <Loading />;
  if (!presence) return <span className="muted">{partial ? 'not lately' : 'no answer'}</span>;
  return (
    <span title={formatTime(presence.last)}>
      {partial ? 'at least ' : ''}
      {presence.hours} of 24 h <span className="muted">last {formatDuration(Math.max(0, now - Number(presence.last)))} ago</span>
    </span>
  );
}
