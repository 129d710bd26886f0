import { PageHead } from '../../ui/primitives';

export default function Receipts() {
  return <PageHead title="Receipts" />;
}
