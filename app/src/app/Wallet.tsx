import { lazy, Suspense, useState } from 'react';
import type { Address } from 'viem';
import { useAccount, useSwitchChain } from 'wagmi';
import { describeError, type Problem } from '../chain/errors';
import { useAppConfig } from '../config/context';
import { shorten } from '../lib/address';
import { Button, Notice } from '../ui/primitives';

// Menus and dialogs are loaded when they are first used: most visitors only read.
const WalletDialog = lazy(() => import('./WalletDialog'));
const AccountMenu = lazy(() => import('./AccountMenu'));

function Account({ address }: { address: Address }) {
  const [used, setUsed] = useState(false);
  const button = (
    <button type="button" className="button wallet" aria-haspopup="menu" onClick={() => setUsed(true)}>
      <span className="dot good" aria-hidden="true" />
      <span className="mono">{shorten(address)}</span>
    </button>
  );
  return used ? (
    <Suspense fallback={button}>
      <AccountMenu address={address} />
    </Suspense>
  ) : (
    button
  );
}

/** Connect, or who is connected. */
export function Wallet() {
  const { address, isConnected } = useAccount();
  const [open, setOpen] = useState(false);
  if (isConnected && address) return <Account key={address} address={address} />;
  return (
    <>
      <Button kind="primary" onClick={() => setOpen(true)}>
        Connect wallet
      </Button>
      <Suspense>{open && <WalletDialog onClose={() => setOpen(false)} />}</Suspense>
    </>
  );
}

/** Shown while the wallet is on another chain than the page. */
export function WrongChain() {
  const { chainId, chainName } = useAppConfig();
  const { chainId: walletChain, isConnected } = useAccount();
  const change = useSwitchChain();
  const [problem, setProblem] = useState<Problem>();
  if (!isConnected || walletChain === chainId) return null;
  return (
    <Notice tone="warn" title={`The wallet is on another chain. OPG is shown on ${chainName}.`} live>
      <Button
        kind="primary"
        busy={change.isPending}
        onClick={() => change.mutate({ chainId }, { onSuccess: () => setProblem(undefined), onError: (error) => void describeError(error, Date.now() / 1000).then(setProblem) })}
      >
        Switch to {chainName}
      </Button>
      {problem && (
        <p>
          {problem.title}. {problem.remedy}
        </p>
      )}
    </Notice>
  );
}
