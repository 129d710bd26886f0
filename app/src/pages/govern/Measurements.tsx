import { useState } from 'react';
import { type Address, getAbiItem } from 'viem';
import { useReadContracts } from 'wagmi';
import { measurementRegistryAbi } from '../../abi/measurementRegistry';
import { useLogs } from '../../chain/useLogs';
import { useAppConfig } from '../../config/context';
import { cleanLine, nameOf } from '../../lib/text';
import { Digest } from '../../ui/Digest';
import { Badge, Button, Card, Empty, Loading, Table } from '../../ui/primitives';
import { Failure } from '../../ui/Query';

const APPROVED = getAbiItem({ abi: measurementRegistryAbi, name: 'MeasurementApproved' });
/** Measurements to a page. */
const PAGE = 20;

function List({ registry }: { registry: Address }) {
  const [shown, setShown] = useState(PAGE);
  const contract = { address: registry, abi: measurementRegistryAbi } as const;
  const read = useReadContracts({
    allowFailure: false,
    contracts: [
      { ...contract, functionName: 'page', args: [0n, BigInt(shown)] },
      { ...contract, functionName: 'count' },
    ],
    query: { placeholderData: (before) => before },
  });
  const texts = useLogs({ address: registry, event: APPROVED, wanted: 100 });
  if (!read.data) return read.error ? <Failure error={read.error} retry={read.refetch} /> : <Loading wide />;
  const [measurements, count] = read.data;
  if (count === 0n) {
    return (
      <Empty title="No measurement was approved yet">
        <p>Until one is, no key counts as one that lives in an enclave.</p>
      </Empty>
    );
  }
  const said = (digest: string, platform: string) => texts.logs.find(({ args }) => args.digest === digest && args.platform === platform)?.args.description;
  return (
    <>
      <Table caption="Measurements" head={['Hardware', 'Measurement', 'Program, as proposed', 'State']}>
        {measurements.map(({ platform, digest, approved }) => (
          <tr key={`${platform}${digest}`}>
            <td>{nameOf(platform)}</td>
            <td>
              <Digest value={digest} label="measurement" />
            </td>
            <td>
              <bdi className="long">{cleanLine(said(digest, platform) ?? '', 200) || <span className="muted">not in the blocks that were searched</span>}</bdi>
            </td>
            <td>{approved ? <Badge tone="good">approved</Badge> : <Badge tone="quiet">removed</Badge>}</td>
          </tr>
        ))}
      </Table>
      {count > BigInt(shown) && <Button onClick={() => setShown(shown + PAGE)}>More measurements</Button>}
    </>
  );
}

/** Programs whose enclaves voters approved: a receipt of an enclave counts for as much as one of these. */
export function Measurements() {
  const registry = useAppConfig().contracts.measurementRegistry;
  if (!registry) return null;
  return (
    <Card title="Measurements of enclaves">
      <p className="muted">An enclave proves which program it runs by a digest that its hardware measured. Voters approve digests; they and the guardian remove them, at once.</p>
      <List registry={registry} />
    </Card>
  );
}
