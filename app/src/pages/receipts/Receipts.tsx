import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type Address, getAbiItem, type Hex, keccak256 } from 'viem';
import { usePublicClient } from 'wagmi';
import { type Facts, verify } from '../../../client/src/checks';
import { factsOf } from '../../../client/src/facts';
import type { Receipt, SignedReceipt } from '../../../client/src/receipt';
import { inferenceHubAbi } from '../../abi/inferenceHub';
import { HEADS } from '../../app/heads';
import { useLogs } from '../../chain/useLogs';
import { useAppConfig } from '../../config/context';
import { checkPlace } from '../../gateways/place';
import { findReceipt, type Place } from '../../gateways/receipts';
import { formatTime } from '../../lib/format';
import { AddressView } from '../../ui/AddressView';
import { Field } from '../../ui/Field';
import { Badge, Button, Card, Empty, Loading, Notice, Opg, PageHead, Rows } from '../../ui/primitives';
import { Failure } from '../../ui/Query';
import { type Pasted, readPasted } from './pasted';

const FULFILLED = getAbiItem({ abi: inferenceHubAbi, name: 'InferenceFulfilled' });
const REQUESTED = getAbiItem({ abi: inferenceHubAbi, name: 'InferenceRequested' });
const LABEL = { right: 'right', wrong: 'wrong', open: 'open' } as const;
const TONE = { right: 'good', wrong: 'bad', open: 'quiet' } as const;

/** What the chain knows, asked through the configured RPC. */
function useFacts(): Facts | undefined {
  const { chainId, contracts } = useAppConfig();
  const client = usePublicClient();
  const { proofRegistry, modelRegistry, staking, verifyingKeys } = contracts;
  if (!client || !proofRegistry || !modelRegistry || !staking) return undefined;
  return factsOf(client, chainId, { proofRegistry, modelRegistry, staking, ...(verifyingKeys && { verifyingKeys }) });
}

/** The answers of the configured gateways about a request. */
function useGiven(requestId: Hex) {
  const { gateways } = useAppConfig();
  return useQuery({ queryKey: ['gateway', 'receipt', requestId, gateways], enabled: gateways.length > 0, staleTime: 30_000, queryFn: () => findReceipt(gateways, requestId) });
}

/** `place`: where a node says that the receipt is. */
function Result({ receipt, signature, place }: { receipt: Receipt; signature: Hex; place?: Place | undefined }) {
  const facts = useFacts();
  const { contracts } = useAppConfig();
  const client = usePublicClient();
  const query = useQuery({
    queryKey: ['chain', 'receipt', JSON.stringify([receipt, place], (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value)), signature],
    enabled: facts !== undefined,
    queryFn: async () => {
      if (!facts) throw new Error('disabled');
      const found = await verify(receipt, signature, facts);
      if (!client || !contracts.receiptBatches || !place) return found;
      return { ...found, checks: [...found.checks, await checkPlace(client, contracts.receiptBatches, place, receipt, found.digest, signature)] };
    },
  });
  if (!facts) return <Empty title="This chain has no registry of proofs" />;
  if (!query.data) return query.error ? <Failure error={query.error} retry={query.refetch} /> : <Loading wide />;
  const { digest, checks } = query.data;
  const wrong = checks.filter(({ result }) => result === 'wrong').length;
  const open = checks.filter(({ result }) => result === 'open').length;
  return (
    <>
      <Notice
        tone={wrong > 0 ? 'bad' : open > 0 ? 'info' : 'good'}
        title={wrong > 0 ? 'Do not rely on this receipt' : open > 0 ? 'Nothing is wrong; not everything could be checked' : 'Everything is right'}
        live
      />
      <ol className="list">
        {checks.map(({ name, result, detail }) => (
          <li key={name}>
            <div className="row">
              <strong>{name}</strong>
              <Badge tone={TONE[result]}>{LABEL[result]}</Badge>
            </div>
            <p className="muted long">{detail}</p>
          </li>
        ))}
      </ol>
      <details>
        <summary>The receipt</summary>
        <Rows
          rows={[
            { label: 'Digest', value: <code>{digest}</code> },
            { label: 'Request', value: <code>{receipt.requestId}</code> },
            { label: 'Payer', value: <AddressView address={receipt.payer} /> },
            { label: 'Operator', value: <AddressView address={receipt.operator} /> },
            { label: 'Model version', value: <code>{receipt.modelVersion}</code> },
            { label: 'Units', value: `${receipt.inputUnits} in, ${receipt.outputUnits} out` },
            { label: 'Fee', value: <Opg value={receipt.fee} /> },
            { label: 'Issued', value: formatTime(receipt.issuedAt) },
          ]}
        />
      </details>
    </>
  );
}

/** A pasted receipt. Its place in a batch is asked of the gateways, where there are any. */
function FromText({ receipt, signature }: SignedReceipt) {
  const { data } = useGiven(receipt.requestId);
  return <Result receipt={receipt} signature={signature} place={data?.given?.place} />;
}

/** The receipt of a request by its number: from a gateway that has it, else from the chain's events. */
function FromNumber({ requestId }: { requestId: Hex }) {
  const { contracts } = useAppConfig();
  const { data, isLoading } = useGiven(requestId);
  if (isLoading) return <Loading wide />;
  if (data?.given) {
    const { receipt, signature, place, gateway } = data.given;
    return (
      <>
        <p className="muted long">The receipt was given by {gateway}; what follows does not rely on its word.</p>
        <Result receipt={receipt} signature={signature} place={place} />
      </>
    );
  }
  return (
    <>
      {data && data.failed.length > 0 && <Notice tone="warn" title={`These gateways could not be asked: ${data.failed.join(', ')}`} />}
      {contracts.inferenceHub ? <FromChain hub={contracts.inferenceHub} requestId={requestId} /> : <Empty title="This chain takes no requests" />}
    </>
  );
}

/** The receipt of an answered on-chain request, put together from the events of the request and the answer. */
function FromChain({ hub, requestId }: { hub: Address; requestId: Hex }) {
  const answer = useLogs({ address: hub, event: FULFILLED, args: { requestId }, wanted: 1 });
  const request = useLogs({ address: hub, event: REQUESTED, args: { requestId }, wanted: 1 });
  const done = answer.logs[0]?.args.fulfilment;
  const asked = request.logs[0]?.args.request;
  const more = (!done && answer.hasNextPage) || (!asked && request.hasNextPage);
  if (done && asked) {
    const { operator, traceHash, inputUnits, outputUnits, unitPrice, fee, issuedAt, output, evidence } = done;
    const { payer, modelVersion, inputHash, mode } = asked;
    return <Result signature={evidence} receipt={{ requestId, payer, operator, modelVersion, inputHash, outputHash: keccak256(output), traceHash, inputUnits, outputUnits, unitPrice, fee, mode, issuedAt }} />;
  }
  const error = answer.error ?? request.error;
  if (error) return <Failure error={error} retry={() => void Promise.all([answer.refetch(), request.refetch()])} />;
  if (answer.isPending || request.isPending || answer.isFetchingNextPage) return <Loading wide />;
  return (
    <Empty title={asked ? 'The request is not answered in the blocks that were searched' : 'No such request in the blocks that were searched'}>
      {more && (
        <Button
          onClick={() => {
            if (answer.hasNextPage) void answer.fetchNextPage();
            if (request.hasNextPage) void request.fetchNextPage();
          }}
        >
          Look further back
        </Button>
      )}
    </Empty>
  );
}

export default function Receipts() {
  const { gateways } = useAppConfig();
  const [text, setText] = useState('');
  let pasted: Pasted | undefined;
  let problem: string | undefined;
  try {
    pasted = text.trim() ? readPasted(text) : undefined;
  } catch (error) {
    problem = `This cannot be checked: ${error instanceof Error ? error.message : 'it is damaged'}.`;
  }
  return (
    <>
      <PageHead title={HEADS.receipts.title}>{HEADS.receipts.lead}</PageHead>
      <Card title="A receipt or a request">
        <Field label="Receipt with its signature (JSON), or a request id" value={text} onChange={setText} multiline problem={problem} hint={gateways.length > 0 ? 'Nothing that you paste leaves this browser, but the number of the request: the gateways of this page’s configuration are asked for it.' : 'Nothing that you paste leaves this browser; only its numbers are looked up.'} />
      </Card>
      {pasted && (
        <Card title="What the checks found">
          {pasted.kind === 'receipt' ? (
            <FromText key={pasted.receipt.requestId} receipt={pasted.receipt} signature={pasted.signature} />
          ) : (
            <FromNumber key={pasted.requestId} requestId={pasted.requestId} />
          )}
        </Card>
      )}
    </>
  );
}
