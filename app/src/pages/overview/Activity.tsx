import { lazy, Suspense } from 'react';
import { type Address, getAbiItem } from 'viem';
import { inferenceHubAbi } from '../../abi/inferenceHub';
import { modelRegistryAbi } from '../../abi/modelRegistry';
import { receiptBatchesAbi } from '../../abi/receiptBatches';
import { Link } from '../../app/router';
import { useNow } from '../../chain/sync';
import { useLogs } from '../../chain/useLogs';
import { useAppConfig } from '../../config/context';
import { formatCount } from '../../lib/format';
import { Button, Card, Empty, Figure, Figures, Loading, Opg } from '../../ui/primitives';
import { Failure } from '../../ui/Query';
import { bucketize } from './activity';

const Chart = lazy(() => import('../../ui/Chart'));
const REQUESTED = getAbiItem({ abi: inferenceHubAbi, name: 'InferenceRequested' });
const FULFILLED = getAbiItem({ abi: inferenceHubAbi, name: 'InferenceFulfilled' });
const PUBLISHED = getAbiItem({ abi: modelRegistryAbi, name: 'ModelVersionPublished' });
const POSTED = getAbiItem({ abi: receiptBatchesAbi, name: 'BatchPosted' });
const MODES = ['operator-signed', 'enclave-signed', 'zero-knowledge'];
const whole = (value: number) => (Number.isInteger(value) ? String(value) : '');

/** Receipts that operators committed to in batches: what was answered over HTTP leaves nothing else on the chain. */
function Batched({ batches }: { batches: Address }) {
  const posted = useLogs({ address: batches, event: POSTED, wanted: 200 });
  const count = posted.logs.reduce((sum, { args }) => sum + args.batch.count, 0);
  return (
    <Figure label="Answers over HTTP, in batches" note={posted.isPending ? <Loading /> : posted.hasNextPage ? `of the latest ${formatCount(posted.logs.length)} batches` : 'since the beginning'}>
      {posted.isPending ? <Loading /> : `${formatCount(count)}${posted.hasNextPage ? '+' : ''}`}
    </Figure>
  );
}

function Loaded({ hub, registry }: { hub: Address; registry: Address | undefined }) {
  const { receiptBatches } = useAppConfig().contracts;
  const now = useNow(60);
  const minute = Math.floor(now / 60) * 60 + 60;
  const requests = useLogs({ address: hub, event: REQUESTED, wanted: 200 });
  const answers = useLogs({ address: hub, event: FULFILLED, wanted: 200 });
  const versions = useLogs({ address: registry, event: PUBLISHED, wanted: 100 });
  if (answers.isPending || requests.isPending) return <Loading wide room={364} />;
  if (answers.error && answers.logs.length === 0) return <Failure error={answers.error} retry={answers.refetch} />;
  const done = answers.logs.map(({ args }) => args.fulfilment);
  const fees = done.reduce((sum, { fee }) => sum + fee, 0n);
  const answered = new Set(answers.logs.map(({ args }) => args.requestId));
  const modes = MODES.map((name, mode) => ({ name, count: requests.logs.filter(({ args }) => args.request.mode === mode && answered.has(args.requestId)).length })).filter(({ count }) => count > 0);
  const newest = requests.logs[0]?.args.request.nonce;
  const buckets = bucketize(done, minute);
  const all = !answers.hasNextPage;
  const scope = all ? 'since the beginning' : `of the latest ${done.length}`;
  return (
    <>
      <Figures>
        <Figure label="Requests ever made on the chain">{newest === undefined ? '0' : formatCount(newest + 1n)}</Figure>
        <Figure label="Answered" note={all ? 'since the beginning' : 'latest, below'}>
          {formatCount(done.length)}
          {all ? '' : '+'}
        </Figure>
        <Figure label="Fees" note={scope}>
          <Opg value={fees} />
        </Figure>
        <Figure label="Active nodes" note={scope}>
          {formatCount(new Set(done.map(({ operator }) => operator)).size)}
        </Figure>
        <Figure label="Model versions" note={<Link to={['models']}>browse</Link>}>
          {versions.isPending ? <Loading /> : `${versions.logs.length}${versions.hasNextPage ? '+' : ''}`}
        </Figure>
        {receiptBatches && <Batched batches={receiptBatches} />}
        {modes.map(({ name, count }) => (
          <Figure key={name} label={`Answers ${name}`} note={scope}>
            {formatCount(count)}
          </Figure>
        ))}
      </Figures>
      {done.length === 0 ? (
        <Empty title="Nothing was answered on the chain in the blocks that were searched" />
      ) : (
        <Suspense fallback={<Loading wide room={192} />}>
          <Chart
            times={buckets.map(({ time }) => time)}
            series={[{ label: 'answers', color: 'accent', values: buckets.map(({ count }) => count), bars: true }]}
            summary={`${done.length} answers ${scope}, at most ${Math.max(...buckets.map(({ count }) => count))} in one span.`}
            format={whole}
            height={180}
          />
        </Suspense>
      )}
      {answers.hasNextPage && (
        <Button
          busy={answers.isFetchingNextPage}
          onClick={() => {
            void answers.fetchNextPage();
            if (requests.hasNextPage) void requests.fetchNextPage();
          }}
        >
          Look further back
        </Button>
      )}
    </>
  );
}

/** What the network answered on the chain. */
export function Activity() {
  const { contracts } = useAppConfig();
  return (
    <Card title="Inference">
      {contracts.inferenceHub ? <Loaded hub={contracts.inferenceHub} registry={contracts.modelRegistry} /> : <Empty title="This chain takes no requests yet" />}
    </Card>
  );
}
