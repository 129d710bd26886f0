import { type Address, getAbiItem, type Hex } from 'viem';
import { useReadContracts } from 'wagmi';
import { modelRegistryAbi } from '../../abi/modelRegistry';
import { HEADS } from '../../app/heads';
import { useLogs } from '../../chain/useLogs';
import { useContract } from '../../config/context';
import { formatBps } from '../../lib/format';
import { cleanLine, nameOf, safeUrl } from '../../lib/text';
import { AddressView } from '../../ui/AddressView';
import { Digest } from '../../ui/Digest';
import { Badge, Button, Card, Empty, Loading, PageHead, Rows } from '../../ui/primitives';
import { Failure } from '../../ui/Query';

const REGISTERED = getAbiItem({ abi: modelRegistryAbi, name: 'ModelRegistered' });
const PUBLISHED = getAbiItem({ abi: modelRegistryAbi, name: 'ModelVersionPublished' });
const MODES = ['operator-signed', 'enclave-signed', 'zero-knowledge'];

function Versions({ registry, modelId }: { registry: Address; modelId: Hex }) {
  const versions = useLogs({ address: registry, event: PUBLISHED, args: { modelId }, wanted: 10 });
  const contract = { address: registry, abi: modelRegistryAbi } as const;
  const requestable = useReadContracts({
    allowFailure: false,
    contracts: versions.logs.map(({ args }) => ({ ...contract, functionName: 'isRequestable', args: [args.version, Math.max(0, Math.log2(args.spec.modes & -args.spec.modes))] }) as const),
    query: { enabled: versions.logs.length > 0 },
  });
  if (versions.isPending) return <Loading wide />;
  if (versions.error && versions.logs.length === 0) return <Failure error={versions.error} retry={versions.refetch} />;
  if (versions.logs.length === 0) return <p className="muted">No version is published.</p>;
  return (
    <div className="stack">
      {versions.logs.map(({ args: { version, spec } }, index) => {
        const url = safeUrl(spec.uri);
        return (
          <div key={version} className="call">
            <div className="row">
              <strong>{nameOf(spec.task)}</strong>
              <Digest value={version} label="model version" />
              {requestable.data?.[index] === false && <Badge tone="warn">not offered any more</Badge>}
            </div>
            <Rows
              rows={[
                { label: 'Weights (SHA-256)', value: <Digest value={spec.weightsDigest} label="digest of the weights" /> },
                { label: 'Compute units', value: `${spec.unitsPerRequest} a request, ${spec.unitsPerInputToken} a token in, ${spec.unitsPerOutputToken} a token out` },
                { label: 'For the owner', value: formatBps(spec.royaltyBps) },
                { label: 'Verification', value: MODES.filter((_, mode) => (spec.modes >> mode) & 1).join(', ') || 'none' },
                { label: 'Licence', value: <bdi>{cleanLine(spec.licence, 60) || 'not stated'}</bdi> },
                {
                  label: 'Files',
                  value: url ? (
                    <a href={url.href} target="_blank" rel="noopener noreferrer nofollow ugc">
                      {url.host}
                    </a>
                  ) : (
                    <bdi>{cleanLine(spec.uri, 80) || 'not stated'}</bdi>
                  ),
                },
              ]}
            />
          </div>
        );
      })}
      {versions.hasNextPage && (
        <Button busy={versions.isFetchingNextPage} onClick={() => void versions.fetchNextPage()}>
          Look further back
        </Button>
      )}
    </div>
  );
}

function List({ registry }: { registry: Address }) {
  const models = useLogs({ address: registry, event: REGISTERED, wanted: 10 });
  if (models.isPending) return <Card title="Models"><Loading wide /></Card>;
  if (models.error && models.logs.length === 0) return <Failure error={models.error} retry={models.refetch} />;
  return (
    <>
      {models.logs.length === 0 && (
        <Card title="Models">
          <Empty title={models.hasNextPage ? 'No model in the blocks that were searched' : 'No model is registered yet'}>
            <p>Anyone can register one; the operator guide shows how.</p>
          </Empty>
        </Card>
      )}
      {models.logs.map(({ args }) => (
        <Card key={args.modelId} title={<bdi>{cleanLine(args.name, 64) || 'Unnamed model'}</bdi>} action={<span className="muted">by <AddressView address={args.owner} /></span>}>
          <Versions registry={registry} modelId={args.modelId} />
        </Card>
      ))}
      {models.hasNextPage && (
        <div>
          <Button busy={models.isFetchingNextPage} onClick={() => void models.fetchNextPage()}>
            Look further back
          </Button>
        </div>
      )}
    </>
  );
}

export default function Models() {
  const registry = useContract('modelRegistry');
  return (
    <>
      <PageHead title={HEADS.models.title}>{HEADS.models.lead}</PageHead>
      {registry ? <List registry={registry} /> : <Card><Empty title="This chain has no registry of models" /></Card>}
    </>
  );
}
