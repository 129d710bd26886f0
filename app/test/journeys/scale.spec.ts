import { encodeFunctionData, parseEther } from 'viem';
import { governorAbi } from '../../src/abi/governor.ts';
import { opgAbi } from '../../src/abi/opg.ts';
import { at, claimAirdrop } from '../support/actors.ts';
import { alice, bob } from '../support/chain.ts';
import { card, expect, test } from '../support/journey.ts';

const PROPOSALS = 120;

test('a long list comes a page at a time, and no query is unbounded', async ({ page, chain, visit }) => {
  await claimAirdrop(chain, alice);
  await chain.pass(30);
  const wallet = chain.walletOf(alice);
  const call = encodeFunctionData({ abi: opgAbi, functionName: 'transfer', args: [bob.address, parseEther('1')] });
  const first = await chain.client.getTransactionCount({ address: alice.address });
  for (let index = 0; index < PROPOSALS; index += 1) {
    const data = encodeFunctionData({ abi: governorAbi, functionName: 'propose', args: [[at(chain, 'opg')], [0n], [call], `# Proposal ${index}`] });
    await wallet.sendTransaction({ to: at(chain, 'governor'), data, gas: 2_000_000n, nonce: first + index });
  }
  const queries: { fromBlock: string; toBlock: string }[] = [];
  page.on('request', (request) => {
    if (request.method() !== 'POST') return;
    const calls = [request.postDataJSON()].flat() as { method: string; params: { fromBlock: string; toBlock: string }[] }[];
    for (const { method, params } of calls) if (method === 'eth_getLogs' && params[0]) queries.push(params[0]);
  });
  await visit('govern');
  const list = card(page, 'Proposals').getByRole('listitem');
  await expect(list).toHaveCount(8);
  await expect(list.first()).toContainText(`Proposal ${PROPOSALS - 1}`);
  await card(page, 'Proposals').getByRole('button', { name: 'Look further back' }).click();
  await expect(list).toHaveCount(16);
  expect(queries.length).toBeGreaterThan(0);
  for (const { fromBlock, toBlock } of queries) expect(BigInt(toBlock) - BigInt(fromBlock)).toBeLessThan(10_000n);
});
