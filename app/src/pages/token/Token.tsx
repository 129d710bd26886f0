import { type Address, zeroAddress } from 'viem';
import { useReadContracts } from 'wagmi';
import { opgAbi } from '../../abi/opg';
import { HEADS } from '../../app/heads';
import { useContract, useOpg } from '../../config/context';
import { AddressView } from '../../ui/AddressView';
import { Connected } from '../../ui/Connected';
import { Card, Empty, Figure, Figures, Notice, Opg, PageHead } from '../../ui/primitives';
import { Failure } from '../../ui/Query';
import { AirdropCard } from './AirdropCard';
import { DelegateCard } from './DelegateCard';
import { Relay } from './Relay';
import { TransferCard } from './TransferCard';
import { Vesting } from './Vesting';

function Account({ account }: { account: Address }) {
  const opg = { address: useOpg(), abi: opgAbi } as const;
  const read = useReadContracts({
    allowFailure: false,
    contracts: [
      { ...opg, functionName: 'balanceOf', args: [account] },
      { ...opg, functionName: 'custodied', args: [account] },
      { ...opg, functionName: 'getVotes', args: [account] },
      { ...opg, functionName: 'delegates', args: [account] },
    ],
  });
  const [balance, staked, votes, delegatee] = read.data ?? [];
  if (read.error && !read.data) return <Failure error={read.error} retry={read.refetch} />;
  const silent = delegatee === zeroAddress && (balance ?? 0n) + (staked ?? 0n) > 0n;
  return (
    <>
      <Card title="Your OPG">
        <Figures>
          <Figure label="In the wallet">
            <Opg value={balance} />
          </Figure>
          <Figure label="Staked">
            <Opg value={staked} />
          </Figure>
          <Figure label="Votes" note="delegated to you, your own included">
            <Opg value={votes} unit={false} />
          </Figure>
          <Figure label="Your votes are with">
            {delegatee === undefined ? <Opg value={undefined} /> : delegatee === zeroAddress ? 'nobody' : <AddressView address={delegatee} />}
          </Figure>
        </Figures>
        {silent && (
          <Notice tone="warn" title="Your tokens do not vote yet">
            Delegate to yourself, or to somebody you trust, to give them a voice. It costs one transaction, moves no tokens, and can be changed at any time.
          </Notice>
        )}
      </Card>
      <div className="columns">
        <DelegateCard account={account} delegatee={delegatee} units={balance !== undefined && staked !== undefined ? balance + staked : undefined} />
        <TransferCard account={account} balance={balance} />
      </div>
      <AirdropCard account={account} />
      <Vesting account={account} />
    </>
  );
}

export default function Token() {
  const hasVault = useContract('vestingVault') !== undefined;
  return (
    <>
      <PageHead title={HEADS.token.title}>{HEADS.token.lead}</PageHead>
      <Connected title="Your OPG" what="see your tokens, claims and grants">
        {(account) => <Account key={account} account={account} />}
      </Connected>
      <Relay />
      {!hasVault && (
        <Card title="Vesting">
          <Empty title="This chain has no vesting vault" />
        </Card>
      )}
    </>
  );
}
