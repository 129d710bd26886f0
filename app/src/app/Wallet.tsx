import { Dialog, DialogHeading, Menu, MenuButton, MenuItem, MenuProvider } from '@ariakit/react';
import { useState } from 'react';
import { useAccount, useConnect, useConnectors, useDisconnect, useSwitchChain } from 'wagmi';
import { describeError, type Problem } from '../chain/errors';
import { useAppConfig } from '../config/context';
import { shorten } from '../lib/address';
import { Button, Empty, Notice } from '../ui/primitives';

const isSafeIcon = (icon: string | undefined): icon is string => Boolean(icon?.startsWith('data:image/'));

function Wallets({ onClose }: { onClose: () => void }) {
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
  return (
    <Dialog open onClose={onClose} className="dialog" backdrop={<div className="backdrop" />}>
      <DialogHeading className="dialog-title">Connect a wallet</DialogHeading>
      {connectors.length === 0 ? (
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
        <Button onClick={onClose}>Close</Button>
      </div>
    </Dialog>
  );
}

/** Connect, or who is connected. */
export function Wallet() {
  const { address, isConnected, connector } = useAccount();
  const disconnect = useDisconnect();
  const [open, setOpen] = useState(false);
  if (isConnected && address) {
    return (
      <MenuProvider>
        <MenuButton className="button wallet">
          <span className="dot good" aria-hidden="true" />
          <span className="mono">{shorten(address)}</span>
        </MenuButton>
        <Menu className="menu" gutter={6}>
          <MenuItem className="menu-item" onClick={() => void navigator.clipboard.writeText(address).catch(() => undefined)}>
            Copy address
          </MenuItem>
          <MenuItem className="menu-item" onClick={() => disconnect.mutate({})}>
            Disconnect {connector?.name.slice(0, 40)}
          </MenuItem>
        </Menu>
      </MenuProvider>
    );
  }
  return (
    <>
      <Button kind="primary" onClick={() => setOpen(true)}>
        Connect wallet
      </Button>
      {open && <Wallets onClose={() => setOpen(false)} />}
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
