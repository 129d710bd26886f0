import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { encodeFunctionData, parseEther } from 'viem';
import { governorAbi } from '../../src/abi/governor.ts';
import { opgAbi } from '../../src/abi/opg.ts';
import { stakingAbi } from '../../src/abi/staking.ts';
import { at, becomeOperator, claimAirdrop, send } from '../support/actors.ts';
import { alice, app, bob, carol } from '../support/chain.ts';
import { card, connect, expect, test } from '../support/journey.ts';
import { populate } from '../support/population.ts';

const folder = join(app, 'screens');
const PAGES = ['overview', 'token', 'stake', 'govern', 'govern/new', 'govern/parameters', 'govern/delegates', 'models', 'nodes', 'receipts'];

test('pictures of every page', async ({ page, chain, visit, wallet }) => {
  test.setTimeout(240_000);
  mkdirSync(folder, { recursive: true });
  await claimAirdrop(chain, alice);
  await claimAirdrop(chain, bob);
  await claimAirdrop(chain, carol);
  await becomeOperator(chain, bob, parseEther('50000'));
  await populate(chain, bob);
  await chain.pass(30);
  const text = '# Pay for the second audit of staking\n\nThe **second audit** read all three parts of the staking contract.\n\n- 250,000 OPG on delivery of the report\n- Nothing is owed afterwards\n\nSee [the report](https://example.org/audit).';
  const payment = encodeFunctionData({ abi: opgAbi, functionName: 'transfer', args: [carol.address, parseEther('250000')] });
  await send(chain, alice, at(chain, 'opg'), opgAbi, 'transfer', [at(chain, 'timelock'), parseEther('1000000')]);
  await send(chain, alice, at(chain, 'governor'), governorAbi, 'propose', [[at(chain, 'opg')], [0n], [payment], text]);
  const [proposal] = await chain.client.getContractEvents({ address: at(chain, 'governor'), abi: governorAbi, eventName: 'ProposalCreated', fromBlock: 0n, strict: true });
  const id = proposal?.args.proposalId ?? 0n;
  await chain.pass(20);
  await send(chain, bob, at(chain, 'governor'), governorAbi, 'castVoteWithReason', [id, 1, 'I read the report; it is worth its price.']);
  await send(chain, alice, at(chain, 'opg'), opgAbi, 'approve', [at(chain, 'custodyVault'), parseEther('100000')]);
  await send(chain, alice, at(chain, 'staking'), stakingAbi, 'delegate', [bob.address, parseEther('12500'), 0n]);
  await send(chain, alice, at(chain, 'staking'), stakingAbi, 'unbond', [bob.address, alice.address, parseEther('2500'), 0n]);

  const shoot = async (name: string) => {
    await expect(page.locator('.skeleton')).toHaveCount(0);
    await page.waitForTimeout(150);
    await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
  };
  const sizes = [
    ['desktop', 1280, 900, 'light'],
    ['desktop-dark', 1280, 900, 'dark'],
    ['phone', 390, 844, 'light'],
  ] as const;
  await visit('overview');
  await connect(page);
  for (const [size, width, height, colorScheme] of sizes) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme });
    for (const path of [...PAGES, `govern/${id}`, `nodes/${bob.address}`]) {
      await visit(path);
      await shoot(`${path.replace(/\/\d+$/, '/proposal').replace(/\/0x.*/, '/profile').replaceAll('/', '-')}-${size}`);
    }
    await wallet.use(carol);
    await visit('token');
    await expect(card(page, /ecosystem/i).getByText('Claimable now')).toBeVisible();
    await shoot(`token-vesting-${size}`);
    await card(page, /ecosystem/i).getByRole('button', { name: 'Claim', exact: true }).click();
    await expect(page.getByRole('dialog')).toContainText('ETH');
    await page.screenshot({ path: join(folder, `dialog-${size}.png`) });
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await wallet.use(alice);
  }
});
