import { Copy } from '../../ui/AddressView';
import { Notice } from '../../ui/primitives';

/** A signed message to hand to whoever submits it. */
export const SignedMessage = ({ text, what }: { text: string; what: string }) => (
  <Notice tone="good" title={`Your signed ${what}`}>
    <p>
      Anyone can submit it once, within an hour, under “Submit for somebody”. <Copy text={text} label={`Copy the signed ${what}`} />
    </p>
    <code data-testid="signed-message">{text}</code>
  </Notice>
);
