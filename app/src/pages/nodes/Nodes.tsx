import { type Address, getAbiItem, getAddress, isAddress } from 'viem';
import { useReadContracts } from 'wagmi';
import { stakingAbi } from '../../abi/staking';
import { HEADS } from '../../app/heads';
import { Link, useRoute } from '../../app/router';
import { useLogs } from '../../chain/useLogs';
import { useAppConfig } from '../../config/context';
import { formatBps, formatDate, formatTime } from '../../lib/format';
import { cleanLine, safeUrl } from '../../lib/text';
import { AddressView } from '../../ui/AddressView';
import { Badge, Button, Card, Empty, Figure, Figures, Loading, Opg, PageHead, Rows, Table, type Tone } from '../../ui/primitives';
import { Failure } from '../../ui/Query';
import { Gateways } from './Gateways';
import { Commissions, Earnings, Work } from './History';
import { useOperators } from '../stake/Operators';
import { Seen } from '../stake/Seen';
import { SlashLog } from '../stake/SlashLog';
import { EPOCHS, useFees } from '../stake/useFees';
import { usePresence } from '../stake/usePresence';

const REGISTERED = getAbiItem({ abi: stakingAbi, name: 'OperatorRegistered' });
const STATUS: { name: string; tone: Tone | 'quiet' }[] = [
  { name: 'never registered', tone: 'quiet' },
  { name: 'active', tone: 'good' },
  { name: 'jailed', tone: 'bad' },
  { name: 'retired', tone: 'quiet' },
];

/** What an operator wrote about itself: only `https` becomes a link, and always shows where it leads. */
function Foreign({ text }: { text: string | undefined }) {
  if (!text) return <span className="muted">not stated</span>;
  const url = safeUrl(text);
  return url ? (
    <a href={url.href} target="_blank" rel="noopener noreferrer nofollow ugc">
      {cleanLine(url.href, 70)}
    </a>
  ) : (
    <bdi>{cleanLine(text, 70)}</bdi>
  );
}

function Profile({ staking, operator }: { staking: Address; operator: Address }) {
  const { contracts } = useAppConfig();
  const contract = { address: staking, abi: stakingAbi } as const;
  const read = useReadContracts({
    allowFailure: false,
    contracts: [
      { ...contract, functionName: 'operatorOf', args: [operator] },
      { ...contract, functionName: 'poolsOf', args: [operator] },
    ],
  });
  const seen = usePresence([operator]);
  const fees = useFees([operator]);
  const registered = useLogs({ address: staking, event: REGISTERED, args: { operator }, wanted: 1 });
  if (!read.data) return read.error ? <Failure error={read.error} retry={read.refetch} /> : <Loading wide />;
  const [view, [own, delegated]] = read.data;
  const about = registered.logs[0]?.args;
  return (
    <>
      <Card title={<AddressView address={operator} />} action={<Badge tone={STATUS[view.status]?.tone ?? 'quiet'}>{STATUS[view.status]?.name}</Badge>}>
        <Figures>
          <Figure label="Own stake">
            <Opg value={own.assets} />
          </Figure>
          <Figure label="Delegated">
            <Opg value={delegated.assets} />
          </Figure>
          <Figure label="Commission" note={view.nextCommissionBps !== view.commissionBps ? `${formatBps(view.nextCommissionBps)} from ${formatDate(view.commissionFrom)}` : undefined}>
            {formatBps(view.commissionBps)}
          </Figure>
          <Figure label="Open slashes">{view.openSlashes}</Figure>
          {contracts.inferenceHub && (
            <Figure label="Hours with answers, of the last 24">
              <Seen presence={seen?.presence.get(operator)} loading={!seen} partial={seen?.partial ?? false} />
            </Figure>
          )}
          {contracts.feeRouter && (
            <Figure label={`Fees of the last ${EPOCHS} epochs`}>
              <Opg value={fees?.get(operator)} />
            </Figure>
          )}
        </Figures>
        <Rows
          rows={[
            { label: 'Signs with', value: <AddressView address={view.signer} /> },
            { label: 'Endpoint when it registered', value: <Foreign text={about?.endpoint} /> },
            { label: 'Description', value: <Foreign text={about?.metadataUri} /> },
            ...(view.status === 2 ? [{ label: 'Jailed until', value: formatTime(view.jailedUntil) }] : []),
          ]}
        />
      </Card>
      {contracts.inferenceHub && <Work hub={contracts.inferenceHub} operator={operator} />}
      {contracts.feeRouter && <Earnings router={contracts.feeRouter} operator={operator} />}
      <Commissions staking={staking} operator={operator} />
      <SlashLog staking={staking} operator={operator} />
    </>
  );
}

function List({ staking }: { staking: Address }) {
  const list = useOperators(staking);
  return (
    <Card title="Active operators">
      {list.isPending ? (
        <Loading wide />
      ) : list.error && list.operators.length === 0 ? (
        <Failure error={list.error} retry={list.refetch} />
      ) : list.operators.length === 0 ? (
        <Empty title="No operator is active" />
      ) : (
        <Table caption="Active operators" head={['Operator', 'Stake', 'Profile']}>
          {list.operators.map(({ operator, stake }) => (
            <tr key={operator}>
              <td>
                <AddressView address={operator} />
              </td>
              <td>
                <Opg value={stake} />
              </td>
              <td>
                <Link to={['nodes', operator]} aria-label={`Profile of ${operator}`}>
                  profile
                </Link>
              </td>
            </tr>
          ))}
        </Table>
      )}
      {list.hasNextPage && (
        <Button busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          More operators
        </Button>
      )}
    </Card>
  );
}

export default function Nodes() {
  const { contracts } = useAppConfig();
  const [, operator] = useRoute();
  const chosen = operator && isAddress(operator, { strict: false }) ? getAddress(operator) : undefined;
  return (
    <>
      <PageHead title={chosen ? 'Node' : HEADS.nodes.title} action={chosen && <Link to={['nodes']}>All nodes</Link>}>
        {chosen ? undefined : HEADS.nodes.lead}
      </PageHead>
      {!contracts.staking ? (
        <Card>
          <Empty title="Staking is not deployed on this chain" />
        </Card>
      ) : chosen ? (
        <Profile key={chosen} staking={contracts.staking} operator={chosen} />
      ) : (
        <>
          <List staking={contracts.staking} />
          <Gateways />
        </>
      )}
    </>
  );
}
