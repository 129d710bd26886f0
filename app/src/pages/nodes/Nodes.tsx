import { PageHead } from '../../ui/primitives';

export default function Nodes() {
  return <PageHead title="Nodes" />;
}
