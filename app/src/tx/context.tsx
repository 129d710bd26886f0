import { createContext, lazy, type ReactNode, Suspense, useContext, useMemo, useState } from 'react';
import type { Plan } from './plan';

const TxDialog = lazy(() => import('./TxDialog'));

type Begin = (plan: Plan) => void;
const TxContext = createContext<Begin>(() => undefined);

/** Holds the one dialog in which everything that is signed or sent is shown first. */
export function TxProvider({ children }: { children: ReactNode }) {
  const [plan, setPlan] = useState<{ plan: Plan; id: number }>();
  const begin = useMemo<Begin>(() => (next) => setPlan((last) => ({ plan: next, id: (last?.id ?? 0) + 1 })), []);
  return (
    <TxContext value={begin}>
      {children}
      <Suspense>{plan && <TxDialog key={plan.id} plan={plan.plan} onClose={() => setPlan(undefined)} />}</Suspense>
    </TxContext>
  );
}

/** Shows what a plan does, and lets the person sign. */
export const useTx = (): Begin => useContext(TxContext);
