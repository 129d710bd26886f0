import { Menu, MenuButton, MenuItem, MenuProvider } from '@ariakit/react';
import type { Address } from 'viem';
import { useAccount, useDisconnect } from 'wagmi';
import { shorten } from '../lib/address';

/** What can be done with the connected account. Opens at once: it is loaded when its button is pressed. */
export default function AccountMenu({ address }: { address: Address }) {
  const { connector } = useAccount();
  const disconnect = useDisconnect();
  return (
    <MenuProvider defaultOpen>
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
