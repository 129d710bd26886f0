import { formatTime } from '../../lib/format';
import { BlockTime } from '../../ui/BlockTime';
import { type Proposal, STATE } from './proposal';

/** When a proposal passes through what. */
export function Timeline({ proposal, state, deadline, eta }: { proposal: Proposal; state: number; deadline: bigint; eta: bigint }) {
  const ended = state >= STATE.cancelled;
  const extended = deadline > proposal.voteEnd;
  const stopped = state === STATE.cancelled || state === STATE.defeated || state === STATE.expired;
  return (
    <ol className="timeline">
      <li className="past">
        <div>
          Proposed
          <div className="muted">
            <BlockTime block={proposal.block} />
          </div>
        </div>
      </li>
      <li className={state === STATE.pending ? '' : 'past'}>
        <div>
          Voting begins; votes are counted as of then
          <div className="muted">{formatTime(proposal.voteStart)}</div>
        </div>
      </li>
      <li className={ended && state !== STATE.cancelled ? 'past' : ''}>
        <div>
          Voting ends{extended ? ' (extended: quorum was reached late)' : ''}
          <div className="muted">{formatTime(deadline)}</div>
        </div>
      </li>
      {stopped ? (
        <li className="bad">
          <div>{state === STATE.cancelled ? 'Cancelled' : state === STATE.defeated ? 'Defeated' : 'Expired'}</div>
        </li>
      ) : (
        <>
          <li className={state === STATE.queued || state === STATE.executed ? 'past' : ''}>
            <div>
              Queued; the timelock lets people leave first
              {eta > 0n && <div className="muted">until {formatTime(eta)}</div>}
            </div>
          </li>
          <li className={state === STATE.executed ? 'past' : ''}>
            <div>Executed</div>
          </li>
        </>
      )}
    </ol>
  );
}
