import { PageHead } from '../../ui/primitives';

export default function Models() {
  return <PageHead title="Models" />;
}
