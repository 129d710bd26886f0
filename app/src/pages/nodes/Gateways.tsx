import { useQuery } from '@tanstack/react-query';
import { getAddress, isAddress } from 'viem';
import { useAppConfig } from '../../config/context';
import { standingOf } from '../../gateways/nodes';
import { cleanLine } from '../../lib/text';
import { AddressView } from '../../ui/AddressView';
import { Badge, Card, Loading, Opg, Table } from '../../ui/primitives';

function Row({ gateway }: { gateway: string }) {
  const { data, error } = useQuery({ queryKey: ['gateway', gateway], queryFn: () => standingOf(gateway), refetchInterval: 30_000 });
  const operator = data?.operator && isAddress(data.operator, { strict: false }) ? getAddress(data.operator) : undefined;
  return (
    <tr>
      <td className="long">{gateway}</td>
      <td>{operator ? <AddressView address={operator} /> : <span className="muted">not stated</span>}</td>
      <td>
        {data ? (
          data.ready ? (
            <Badge tone="good">ready</Badge>
          ) : (
            <>
              <Badge tone="warn">not ready</Badge> <bdi className="muted">{cleanLine(data.reasons.join('; '), 200)}</bdi>
            </>
          )
        ) : error ? (
          <Badge tone="bad">cannot be reached</Badge>
        ) : (
          <Loading />
        )}
      </td>
      <td>
        {data?.offers.map(({ name, version, unitPrice }) => (
          <div key={version}>
            <bdi title={version}>{cleanLine(name, 60)}</bdi>{' '}
            <span className="muted">
              <Opg value={unitPrice} /> a unit
            </span>
          </div>
        ))}
      </td>
    </tr>
  );
}

/** Nodes that this page's configuration names: what they answer over HTTP, in their own words. */
export function Gateways() {
  const { gateways } = useAppConfig();
  if (gateways.length === 0) return null;
  return (
    <Card title="Gateways of this page’s configuration">
      <Table caption="Gateways" head={['Address', 'Operator', 'State', 'Models and prices']}>
        {gateways.map((gateway) => (
          <Row key={gateway} gateway={gateway} />
        ))}
      </Table>
      <p className="muted">These are the nodes’ own words. What they sign can be checked on the Receipts page.</p>
    </Card>
  );
}
