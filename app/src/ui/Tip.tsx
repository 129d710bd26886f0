import { Tooltip, useTooltipStore } from '@ariakit/react';
import { useEffect } from 'react';

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
    <Tooltip store={store} className="tooltip mono">
      {text}
    </Tooltip>
  );
}
