import { type Address, getAbiItem } from 'viem';
import { feeRouterAbi } from '../../abi/feeRouter';
import { inferenceHubAbi } from '../../abi/inferenceHub';
import { stakingAbi } from '../../abi/staking';
import { useLogs } from '../../chain/useLogs';
import { formatBps, formatCount, formatDate, formatTime } from '../../lib/format';
import { BlockTime } from '../../ui/BlockTime';
import { Button, Card, Empty, Loading, Opg, Table } from '../../ui/primitives';
import { Failure } from '../../ui/Query';

const ROUTED = getAbiItem({ abi: feeRouterAbi, name: 'FeesRouted' });
const COMMISSION = getAbiItem({ abi: stakingAbi, name: 'CommissionSet' });
const FULFILLED = getAbiItem({ abi: inferenceHubAbi, name: 'InferenceFulfilled' });

/** What an operator answered on the chain. */
export function Work({ hub, operator }: { hub: Address; operator: Address }) {
  const answers = useLogs({ address: hub, event: FULFILLED, args: { operator }, wanted: 10 });
  return (
    <Card title="Latest answers on the chain">
      {answers.isPending ? (
        <Loading wide />
      ) : answers.error && answers.logs.length === 0 ? (
        <Failure error={answers.error} retry={answers.refetch} />
      ) : answers.logs.length === 0 ? (
        <Empty title="No answer in the blocks that were searched" />
      ) : (
        <Table caption="Answers" head={['When', 'Units', 'Fee', 'Request']}>
          {answers.logs.map(({ args: { requestId, fulfilment } }) => (
            <tr key={requestId}>
              <td>{formatTime(fulfilment.issuedAt)}</td>
              <td>{formatCount(fulfilment.inputUnits + fulfilment.outputUnits)}</td>
              <td>
                <Opg value={fulfilment.fee} />
              </td>
              <td className="mono">{requestId.slice(0, 12)}…</td>
            </tr>
          ))}
        </Table>
      )}
      {answers.hasNextPage && (
        <Button busy={answers.isFetchingNextPage} onClick={() => void answers.fetchNextPage()}>
          Look further back
        </Button>
      )}
    </Card>
  );
}

/** Payments through the operator's vaults, as the router split them. */
export function Earnings({ router, operator }: { router: Address; operator: Address }) {
  const routed = useLogs({ address: router, event: ROUTED, args: { operator }, wanted: 10 });
  if (routed.logs.length === 0) return null;
  return (
    <Card title="Fees earned">
      <Table caption="Fees that were routed" head={['When', 'To the operator', 'To the model’s owner', 'To verification', 'Burned']}>
        {routed.logs.map(({ args, blockNumber, transactionHash, logIndex }) => (
          <tr key={`${transactionHash}${logIndex}`}>
            <td>
              <BlockTime block={blockNumber} />
            </td>
            <td>
              <Opg value={args.toOperator} />
            </td>
            <td>
              <Opg value={args.toModelOwner} />
            </td>
            <td>
              <Opg value={args.toVerification} />
            </td>
            <td>
              <Opg value={args.burned} />
            </td>
          </tr>
        ))}
      </Table>
      {routed.hasNextPage && (
        <Button busy={routed.isFetchingNextPage} onClick={() => void routed.fetchNextPage()}>
          Look further back
        </Button>
      )}
    </Card>
  );
}

/** Commission, as it was set and announced. */
export function Commissions({ staking, operator }: { staking: Address; operator: Address }) {
  const changes = useLogs({ address: staking, event: COMMISSION, args: { operator }, wanted: 20 });
  if (changes.logs.length === 0) return null;
  return (
    <Card title="Commission over time">
      <Table caption="Changes of the commission" head={['Commission', 'From']}>
        {changes.logs.map(({ args, transactionHash, logIndex }) => (
          <tr key={`${transactionHash}${logIndex}`}>
            <td>{formatBps(args.commissionBps)}</td>
            <td>{formatDate(args.effectiveFrom)}</td>
          </tr>
        ))}
      </Table>
    </Card>
  );
}
