import { Dialog, DialogHeading } from '@ariakit/react';
import { lazy, Suspense, useState } from 'react';
import { useConnect, useConnectors } from 'wagmi';
import { describeError, type Problem } from '../chain/errors';
import { Button, Empty, Loading, Notice } from '../ui/primitives';
import { cancelUri, useUri } from '../wallets/uri';

const ScanCode = lazy(() => import('./ScanCode'));

const isSafeIcon = (icon: string | undefined): icon is string => Boolean(icon?.startsWith('data:image/'));

/** The wallets of this browser, to choose from. */
export default function WalletDialog({ onClose }: { onClose: () => void }) {
  const connectors = useConnectors();
  const connect = useConnect();
  const [problem, setProblem] = useState<Problem>();
  const choose = (connector: (typeof connectors)[number]) => {
    setProblem(undefined);
    connect.mutate(
      { connector },
      { onSuccess: onClose, onError: (error) => void describeError(error, Date.now() / 1000).then(setProblem) },
    );
  };
  const uri = useUri();
  const close = () => {
    cancelUri();
    onClose();
  };
  return (
    <Dialog open onClose={close} className="dialog" backdrop={<div className="backdrop" />}>
      <DialogHeading className="dialog-title">Connect a wallet</DialogHeading>
      {uri ? (
        <Suspense fallback={<Loading wide />}>
          <ScanCode uri={uri} />
        </Suspense>
      ) : connectors.length === 0 ? (
        <Empty title="No wallet found in this browser">
          <p>Install a wallet that announces itself to pages (EIP-6963; all current ones do), then reload this page. Everything can be read without one.</p>
        </Empty>
      ) : (
        <ul className="choices">
          {connectors.map((connector) => (
            <li key={connector.uid}>
              <Button busy={connect.isPending} onClick={() => choose(connector)}>
                {isSafeIcon(connector.icon) && <img src={connector.icon} alt="" width="24" height="24" />}
                {connector.name.slice(0, 40)}
              </Button>
            </li>
          ))}
        </ul>
      )}
      {problem && (
        <Notice tone={problem.kind === 'declined' ? 'info' : 'bad'} title={problem.title} live>
          <p>{problem.remedy}</p>
        </Notice>
      )}
      <div className="dialog-actions">
        <Button onClick={close}>Close</Button>
      </div>
    </Dialog>
  );
}
