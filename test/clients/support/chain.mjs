// A chain of its own for each file of tests: anvil with the rules of Base, the contracts from out/, viem's clients.
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createPublicClient, createWalletClient, http } from 'viem';
import { mnemonicToAccount } from 'viem/accounts';
import { foundry } from 'viem/chains';

const root = new URL('../../../', import.meta.url);
// The accounts that anvil funds.
const mnemonic = 'test test test test test test test test test test test junk';
const account = (addressIndex) => mnemonicToAccount(mnemonic, { addressIndex });

// The signers sign and never send: the relayer pays all gas, as a service would.
export const [deployer, relayer, alice, bob, carol, custodyVault] = [0, 1, 2, 3, 4, 5].map(account);

export async function artifact(name) {
  const file = new URL(`out/${name}.sol/${name}.json`, root);
  const { abi, bytecode } = JSON.parse(await readFile(file, 'utf8'));
  return { abi, bytecode: bytecode.object };
}

// More than any call takes. An estimate may be too low by the second: it is made in the second of the last block, in which a
// change of votes overwrites the one before, and the transaction is mined in the next, in which it is written beside it.
const gasLimit = 2_000_000n;

// Starts anvil on a free port. `stop` ends it.
export async function startChain() {
  const anvil = spawn(
    fileURLToPath(new URL('node_modules/.bin/anvil', root)),
    ['--hardfork', 'osaka', '--port', '0', '--mnemonic', mnemonic],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  process.once('exit', () => anvil.kill());
  const url = await listeningUrl(anvil);
  // Blocks are made at once, so a receipt is there without waiting.
  const transport = http(url);
  const options = { chain: foundry, transport, pollingInterval: 20 };
  const reader = createPublicClient(options);
  const walletOf = (sender) => createWalletClient({ ...options, account: sender });

  const receiptOf = async (hash) => {
    const receipt = await reader.waitForTransactionReceipt({ hash });
    if (receipt.status !== 'success') throw new Error(`transaction ${hash} reverted`);
    return receipt;
  };

  return {
    id: foundry.id,
    reader,
    walletOf,
    // Deploys contract `name` with `args`: its address and ABI, as viem's functions take them.
    async deploy(name, args) {
      const { abi, bytecode } = await artifact(name);
      const hash = await walletOf(deployer).deployContract({ abi, bytecode, args });
      return { address: (await receiptOf(hash)).contractAddress, abi };
    },
    read: (contract, functionName, args = []) => reader.readContract({ ...contract, functionName, args }),
    // Simulates, so that a revert shows the contract's error, and sends.
    async send(sender, contract, functionName, args) {
      const { request } = await reader.simulateContract({ ...contract, functionName, args, account: sender });
      return receiptOf(await walletOf(sender).writeContract({ ...request, gas: gasLimit }));
    },
    // What a wallet asks a contract for before it shows what is to be signed.
    async domainOf(contract) {
      const { domain } = await reader.getEip712Domain({ address: contract.address });
      // An empty salt is no field of these domains.
      const { name, version, chainId, verifyingContract } = domain;
      return { name, version, chainId, verifyingContract };
    },
    async now() {
      return (await reader.getBlock()).timestamp;
    },
    stop() {
      return new Promise((resolve) => {
        anvil.once('exit', resolve);
        anvil.kill();
      });
    },
  };
}

function listeningUrl(anvil) {
  return new Promise((resolve, reject) => {
    anvil.once('error', reject);
    anvil.once('exit', (code) => reject(new Error(`anvil ended with status ${code} before it listened`)));
    createInterface({ input: anvil.stdout }).on('line', (line) => {
      const address = /^Listening on (\S+)/.exec(line)?.[1];
      if (address) resolve(`http://${address}`);
    });
  });
}
