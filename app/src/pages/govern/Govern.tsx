import { lazy } from 'react';
import { HEADS } from '../../app/heads';
import { Link, useRoute } from '../../app/router';
import { useAppConfig } from '../../config/context';
import { Card, Empty, PageHead } from '../../ui/primitives';
import { ProposalList } from './ProposalList';

const ProposalPage = lazy(() => import('./ProposalPage'));
const Create = lazy(() => import('./Create'));
const Parameters = lazy(() => import('./Parameters'));
const Delegates = lazy(() => import('./Delegates'));

const PARTS = [
  ['', 'Proposals'],
  ['parameters', 'Parameters'],
  ['delegates', 'Delegates'],
] as const;

export default function Govern() {
  const { contracts } = useAppConfig();
  const [, part = '', block] = useRoute();
  if (!contracts.governor) {
    return (
      <>
        <PageHead title={HEADS.govern.title}>{HEADS.govern.lead}</PageHead>
        <Card>
          <Empty title="Governance is not deployed on this chain" />
        </Card>
      </>
    );
  }
  const governor = contracts.governor;
  if (/^\d+$/.test(part)) return <ProposalPage governor={governor} id={BigInt(part)} block={block && /^\d+$/.test(block) ? BigInt(block) : undefined} />;
  if (part === 'new') return <Create governor={governor} />;
  return (
    <>
      <PageHead
        title={HEADS.govern.title}
        action={
          <Link to={['govern', 'new']} className="button primary">
            New proposal
          </Link>
        }
      >
        {HEADS.govern.lead}
      </PageHead>
      <nav className="tabs" aria-label="Governance">
        {PARTS.map(([key, label]) => (
          <Link key={key} to={key ? ['govern', key] : ['govern']} className="tab" aria-current={part === key ? 'page' : undefined}>
            {label}
          </Link>
        ))}
      </nav>
      {part === 'parameters' ? <Parameters /> : part === 'delegates' ? <Delegates governor={governor} /> : <ProposalList governor={governor} />}
    </>
  );
}
