import { PageHead } from '../../ui/primitives';

export default function Govern() {
  return <PageHead title="Govern" />;
}
