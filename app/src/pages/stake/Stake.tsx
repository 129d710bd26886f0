import { PageHead } from '../../ui/primitives';

export default function Stake() {
  return <PageHead title="Stake" />;
}
