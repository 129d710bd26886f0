import { Tooltip, useTooltipStore } from '@ariakit/react';
import { useEffect } from 'react';

// Everything on the page is within a landmark, so that screen readers find it.
const landmark = () => document.querySelector('footer');

/** A text beside an element, until the pointer or the focus leaves both, or Escape is pressed. */
export default function Tip({ anchor, text, close }: { anchor: HTMLElement; text: string; close: () => void }) {
  const store = useTooltipStore({
    open: true,
    setOpen: (open) => {
      if (!open) close();
    },
  });
  useEffect(() => store.setAnchorElement(anchor), [anchor, store]);
  return (
    <Tooltip store={store} className="tooltip mono" portalElement={landmark}>
      {text}
    </Tooltip>
  );
}
