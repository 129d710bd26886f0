import { useMemo } from 'react';
import { type Address, getAbiItem } from 'viem';
import { stakingAbi } from '../../abi/staking';
import { useLogs } from '../../chain/useLogs';
import { type Commission, commissionsOf, type Slashed, slashesOf } from './past';

const COMMISSION = getAbiItem({ abi: stakingAbi, name: 'CommissionSet' });
const OPENED = getAbiItem({ abi: stakingAbi, name: 'SlashOpened' });
const VETOED = getAbiItem({ abi: stakingAbi, name: 'SlashVetoed' });
/** Events of each kind that are looked at. Both kinds are rare: an operator announces commissions days ahead. */
const MOST = 500;

/** How the commissions of all operators changed and what was slashed. `partial`: there may be more slashes, further back. */
export function usePastOf(staking: Address): { commissions: Map<Address, Commission[]>; slashes: Map<Address, Slashed>; partial: boolean } | undefined {
  const changes = useLogs({ address: staking, event: COMMISSION, wanted: MOST });
  const opened = useLogs({ address: staking, event: OPENED, wanted: MOST });
  // Nothing can be undone that was not done.
  const vetoed = useLogs({ address: staking, event: VETOED, wanted: MOST, enabled: opened.logs.length > 0 });
  const isPending = changes.isPending || opened.isPending || (opened.logs.length > 0 && vetoed.isPending);
  const partial = opened.hasNextPage;
  return useMemo(
    () => (isPending ? undefined : { commissions: commissionsOf(changes.logs), slashes: slashesOf(opened.logs, vetoed.logs), partial }),
    [isPending, changes.logs, opened.logs, vetoed.logs, partial],
  );
}
