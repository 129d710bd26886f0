// A Safe as its owners deploy it: the published bytecode of Safe 1.5.0, with its default handler, behind its proxy.
import { readFile } from 'node:fs/promises';
import { concat, encodeFunctionData, getAddress, hashTypedData, parseEventLogs, zeroAddress } from 'viem';
import { deployer } from './chain.mjs';

const artifacts = new URL('../../../node_modules/@safe-global/safe-smart-account/build/artifacts/contracts/', import.meta.url);

async function deployPublished(chain, file, name) {
  const { abi, bytecode } = JSON.parse(await readFile(new URL(`${file}/${name}.json`, artifacts), 'utf8'));
  const hash = await chain.walletOf(deployer).deployContract({ abi, bytecode });
  const { contractAddress: address } = await chain.reader.waitForTransactionReceipt({ hash });
  return { address, abi };
}

// A Safe of `owners`, of whom `threshold` must sign.
export async function deploySafe(chain, owners, threshold) {
  const singleton = await deployPublished(chain, 'SafeL2.sol', 'SafeL2');
  const handler = await deployPublished(chain, 'handler/CompatibilityFallbackHandler.sol', 'CompatibilityFallbackHandler');
  const factory = await deployPublished(chain, 'proxies/SafeProxyFactory.sol', 'SafeProxyFactory');
  const initializer = encodeFunctionData({
    abi: singleton.abi,
    functionName: 'setup',
    args: [
      owners.map(({ address }) => address),
      BigInt(threshold),
      zeroAddress,
      '0x',
      handler.address,
      zeroAddress,
      0n,
      zeroAddress,
    ],
  });
  const receipt = await chain.send(deployer, factory, 'createProxyWithNonce', [singleton.address, initializer, 0n]);
  const [created] = parseEventLogs({ abi: factory.abi, logs: receipt.logs, eventName: 'ProxyCreation' });
  return { address: getAddress(created.args.proxy), abi: singleton.abi };
}

// What the Safe accepts as its signature of typed data: that of each owner over the hash, wrapped in a message that
// names the Safe, in the order of the owners' addresses.
export async function signAsSafe(chain, safe, owners, typedData) {
  const message = {
    domain: { chainId: chain.id, verifyingContract: safe.address },
    types: { SafeMessage: [{ name: 'message', type: 'bytes' }] },
    primaryType: 'SafeMessage',
    message: { message: hashTypedData(typedData) },
  };
  const inOrder = [...owners].sort((a, b) => (a.address.toLowerCase() < b.address.toLowerCase() ? -1 : 1));
  return concat(await Promise.all(inOrder.map((owner) => owner.signTypedData(message))));
}
