// A model, requests and answers, made by people of the tests, for pages that show them.
import { type Hex, hexToBigInt, keccak256, parseAbiItem, parseEther, stringToHex, toHex, zeroHash } from 'viem';
import { inferenceHubAbi } from '../../src/abi/inferenceHub.ts';
import { modelRegistryAbi } from '../../src/abi/modelRegistry.ts';
import { opgAbi } from '../../src/abi/opg.ts';
import { digestOf, type Receipt } from '../../client/src/index.ts';
import { at, send } from './actors.ts';
import { alice, type Chain } from './chain.ts';

const NAME = parseAbiItem('event ModelVersionPublished(bytes32 indexed modelId, bytes32 indexed version, (bytes32,bytes32,bytes32,bytes32,bytes32,bytes32,uint64,uint64,uint64,uint16,uint8,string,string) spec)');

/** Lets `operator`, who must be one, publish a model, and answer `count` requests of Alice's. The last receipt is returned. */
export async function populate(chain: Chain, operator: typeof alice, count = 6): Promise<{ receipt: Receipt; signature: Hex }> {
  const [models, hub] = [at(chain, 'modelRegistry'), at(chain, 'inferenceHub')];
  await send(chain, operator, models, modelRegistryAbi, 'registerModel', ['SmolLM2 135M Instruct']);
  const [registered] = await chain.client.getContractEvents({ address: models, abi: modelRegistryAbi, eventName: 'ModelRegistered', fromBlock: 0n, strict: true });
  const modelId = registered?.args.modelId ?? zeroHash;
  const digest = (text: string) => keccak256(toHex(text));
  const spec = {
    task: stringToHex('chat/1', { size: 32 }),
    weightsDigest: digest('weights'),
    tokenizerDigest: zeroHash,
    configDigest: zeroHash,
    engineProfile: digest('engine'),
    zkCommitment: zeroHash,
    unitsPerRequest: 100n,
    unitsPerInputToken: 1n,
    unitsPerOutputToken: 4n,
    royaltyBps: 500,
    modes: 1,
    licence: 'Apache-2.0',
    uri: 'https://example.org/smollm2.gguf',
  };
  await send(chain, operator, models, modelRegistryAbi, 'publishVersion', [modelId, spec]);
  const [published] = await chain.client.getContractEvents({ address: models, abi: [NAME], fromBlock: 0n, strict: true });
  const version = published?.args.version ?? zeroHash;
  await send(chain, alice, at(chain, 'opg'), opgAbi, 'approve', [hub, parseEther('1000')]);
  let last: { receipt: Receipt; signature: Hex } | undefined;
  for (let index = 0; index < count; index += 1) {
    const { timestamp } = await chain.client.getBlock();
    await send(chain, alice, hub, inferenceHubAbi, 'request', [version, toHex('{"messages":[]}'), 0, parseEther('2'), 0, timestamp + 3_000n]);
    const requests = await chain.client.getContractEvents({ address: hub, abi: inferenceHubAbi, eventName: 'InferenceRequested', fromBlock: 0n, strict: true });
    const { request, requestId } = requests.at(-1)!.args;
    // Until anyone may answer.
    await chain.pass(60 + index * 240);
    const output = toHex(`Answer ${index}`);
    const receipt: Receipt = {
      requestId,
      payer: request.payer,
      operator: operator.address,
      modelVersion: version,
      inputHash: request.inputHash,
      outputHash: keccak256(output),
      traceHash: digest(`trace ${index}`),
      inputUnits: 120n,
      outputUnits: BigInt(40 + index * 16),
      unitPrice: parseEther('0.001'),
      fee: parseEther('0.001') * BigInt(160 + index * 16),
      mode: 0,
      issuedAt: (await chain.client.getBlock()).timestamp,
    };
    const signature = await operator.sign({ hash: digestOf(receipt, 31337, at(chain, 'proofRegistry')) });
    const { traceHash, inputUnits, outputUnits, unitPrice, fee, issuedAt } = receipt;
    await send(chain, operator, hub, inferenceHubAbi, 'fulfil', [request, { operator: operator.address, traceHash, inputUnits, outputUnits, unitPrice, fee, issuedAt, output, evidence: signature }]);
    last = { receipt, signature };
  }
  if (!last || hexToBigInt(last.signature) === 0n) throw new Error('nothing was answered');
  return last;
}
