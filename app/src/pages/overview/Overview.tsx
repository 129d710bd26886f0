import { PageHead } from '../../ui/primitives';

export default function Overview() {
  return <PageHead title="Overview" />;
}
