import { type Abi, type AbiFunction, type Address, encodeFunctionData, type Hex, isHex, parseAbiItem, stringToHex } from 'viem';
import type { AppConfig, ContractKey } from '../../config/config';
import { readAddress } from '../../lib/address';
import { parseOpg } from '../../lib/format';
import { ABIS } from './decode';

/** One call of a proposal that is being written. */
export type Action = { target: Address; value: bigint; data: Hex };

/** A question that a template asks. A `digest` is 32 bytes, a `name` is kept in 32 bytes. */
export type Question = { name: string; label: string; kind: 'address' | 'opg' | 'seconds' | 'number' | 'bytes' | 'digest' | 'name' | 'text'; hint?: string };

/** A kind of call that people often want. */
export type Template = {
  key: string;
  title: string;
  needs: ContractKey;
  questions: Question[];
  make: (config: AppConfig, answers: Record<string, string>) => Action;
};

/** An answer cannot be used; the message says which and why. */
export class AnswerError extends Error {}

const contractOf = (config: AppConfig, key: ContractKey): Address => {
  const address = config.contracts[key];
  if (!address) throw new AnswerError(`This chain has no ${key}.`);
  return address;
};

function read({ kind, label }: Question, text: string): unknown {
  try {
    switch (kind) {
      case 'address': {
        const result = readAddress(text);
        if ('problem' in result) throw new Error(result.problem);
        return result.address;
      }
      case 'opg':
        return parseOpg(text);
      case 'seconds':
      case 'number':
        if (!/^\d{1,39}$/.test(text.trim())) throw new Error('Enter a whole number.');
        return BigInt(text.trim());
      case 'bytes': {
        const data = text.trim() || '0x';
        if (!isHex(data) || data.length % 2 !== 0) throw new Error('Enter bytes: 0x and an even number of hexadecimal digits.');
        return data;
      }
      case 'digest':
        if (!/^0x[0-9a-fA-F]{64}$/.test(text.trim()) || /^0x0+$/.test(text.trim())) throw new Error('Enter 32 bytes: 0x and 64 hexadecimal digits, not all zero.');
        return text.trim().toLowerCase();
      case 'name':
        if (!/^[\x21-\x7e]{1,32}$/.test(text.trim())) throw new Error('Enter at most 32 letters, digits and signs, without spaces.');
        return stringToHex(text.trim(), { size: 32 });
      case 'text':
        if (!text.trim()) throw new Error('Enter something.');
        return text.trim();
    }
  } catch (error) {
    throw new AnswerError(`${label}: ${error instanceof Error ? error.message : 'cannot be read'}`);
  }
}

function calling(key: ContractKey, functionName: string, questions: Question[]): Template['make'] {
  return (config, answers) => {
    const abi = ABIS[key] as Abi;
    const item = abi.find((entry): entry is AbiFunction => entry.type === 'function' && entry.name === functionName);
    const values = questions.map((question) => read(question, answers[question.name] ?? ''));
    // viem takes integers of up to 48 bits as numbers.
    const args = values.map((value, index) => (typeof value === 'bigint' && Number(/\d+$/.exec(item?.inputs[index]?.type ?? '256')?.[0] ?? 256) <= 48 ? Number(value) : value));
    return { target: contractOf(config, key), value: 0n, data: encodeFunctionData({ abi, functionName, args }) };
  };
}

function setter(needs: ContractKey, functionName: string, title: string, questions: Question[]): Template {
  return { key: `${needs}.${functionName}`, title, needs, questions, make: calling(needs, functionName, questions) };
}

const seconds = (label: string, hint?: string): Question[] => [{ name: 'value', label: `${label} (seconds)`, kind: 'seconds', ...(hint ? { hint } : {}) }];

const NAMED: Question[] = [
  { name: 'target', label: 'Contract', kind: 'address', hint: 'Of this page’s contracts or any other, such as a registry that was deployed later.' },
  { name: 'signature', label: 'Function', kind: 'text', hint: 'As its interface has it: setLimit(address account, uint256 limit)' },
  { name: 'values', label: 'Arguments (JSON)', kind: 'text', hint: 'A list in order, whole numbers in quotes: ["0x…", "250"]' },
];

/** The bytes of a call of a function that is given as text. */
export function encodeNamed(signature: string, values: string): Hex {
  let item: AbiFunction;
  try {
    item = parseAbiItem(`function ${signature.replace(/^function\s+/, '')}` as 'function f()') as AbiFunction;
  } catch {
    throw new AnswerError('Function: write its name and, in parentheses, the types of its arguments.');
  }
  let args: unknown;
  try {
    args = JSON.parse(values);
  } catch {
    throw new AnswerError('Arguments (JSON): this is not JSON. Write a list such as ["0x…", "250"].');
  }
  if (!Array.isArray(args) || args.length !== item.inputs.length) throw new AnswerError(`Arguments (JSON): the function takes ${item.inputs.length}.`);
  // JSON has no integers beyond 2^53: they come as text, which must be nothing but digits.
  const exact = args.map((value: unknown, index) => {
    if (!/^u?int\d*$/.test(item.inputs[index]?.type ?? '')) return value;
    if (typeof value === 'number' ? !Number.isSafeInteger(value) : typeof value !== 'string' || !/^-?\d{1,78}$/.test(value)) {
      throw new AnswerError(`Arguments (JSON): number ${index + 1} must be a whole number in quotes.`);
    }
    return BigInt(value as string | number);
  });
  try {
    return encodeFunctionData({ abi: [item], functionName: item.name, args: exact });
  } catch (error) {
    throw new AnswerError(`Arguments (JSON): ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'they do not fit the function'}`);
  }
}

const MEASUREMENT: Question[] = [
  { name: 'platform', label: 'Hardware', kind: 'name', hint: 'The name of what measures, such as intel-tdx or aws-nitro.' },
  { name: 'digest', label: 'Measurement', kind: 'digest', hint: 'What the hardware measures of the program: anybody who builds it gets the same.' },
];

/** The templates, in the order in which they are offered. */
export const TEMPLATES: Template[] = [
  setter('opg', 'transfer', 'Spend from the treasury', [
    { name: 'to', label: 'Recipient', kind: 'address' },
    { name: 'value', label: 'Amount (OPG)', kind: 'opg' },
  ]),
  setter('inferenceHub', 'setTurnParameters', 'Change how operators take turns', [
    { name: 'turnWindow', label: 'Turn window (seconds)', kind: 'seconds', hint: 'Seconds over which turns are spread.' },
    { name: 'turnCap', label: 'Turn cap (seconds)', kind: 'seconds', hint: 'Seconds after which anyone may answer.' },
  ]),
  setter('measurementRegistry', 'approve', 'Add a measurement of an enclave', [
    ...MEASUREMENT,
    { name: 'description', label: 'Program', kind: 'text', hint: 'What it is, in which version, and where its build can be repeated.' },
  ]),
  setter('measurementRegistry', 'remove', 'Remove a measurement of an enclave', [...MEASUREMENT, { name: 'reason', label: 'Reason', kind: 'text' }]),
  setter('governor', 'setVotingDelay', 'Change the voting delay', seconds('Voting delay')),
  setter('governor', 'setVotingPeriod', 'Change the voting period', seconds('Voting period')),
  setter('governor', 'setProposalThreshold', 'Change the proposal threshold', [{ name: 'value', label: 'Votes that a proposer needs (OPG)', kind: 'opg' }]),
  setter('governor', 'updateQuorumNumerator', 'Change the quorum', [{ name: 'value', label: 'Percent of the float', kind: 'number' }]),
  setter('governor', 'setLateQuorumVoteExtension', 'Change the late-quorum extension', seconds('Extension')),
  setter('timelock', 'updateDelay', 'Change the delay of routine decisions', seconds('Delay')),
  setter('timelock', 'updateUpgradeDelay', 'Change the delay of upgrades', seconds('Delay', 'Must stay longer than unbonding takes.')),
  ...(['staking', 'inferenceHub', 'modelRegistry', 'proofRegistry'] as const).map((key): Template => {
    const questions: Question[] = [
      { name: 'implementation', label: 'New implementation', kind: 'address', hint: 'Deployed before, and checked by readers of the proposal.' },
      { name: 'data', label: 'Initialisation (bytes)', kind: 'bytes', hint: 'Empty if nothing is to be called.' },
    ];
    const names = { staking: 'staking', inferenceHub: 'the inference hub', modelRegistry: 'the model registry', proofRegistry: 'the proof registry' };
    return {
      key: `${key}.upgrade`,
      title: `Upgrade ${names[key]}`,
      needs: key,
      questions,
      // All upgradeable contracts have OpenZeppelin's function; Staking's interface leaves it out.
      make: (config, answers) => ({ ...calling('inferenceHub', 'upgradeToAndCall', questions)(config, answers), target: contractOf(config, key) }),
    };
  }),
  {
    key: 'named',
    title: 'Call a function by its name',
    needs: 'governor',
    questions: NAMED,
    make: (_, answers) => {
      const [target, signature, values] = NAMED.map((question) => read(question, answers[question.name] ?? '')) as [Address, string, string];
      return { target, value: 0n, data: encodeNamed(signature, values) };
    },
  },
  {
    key: 'custom',
    title: 'Any other call',
    needs: 'governor',
    questions: [
      { name: 'target', label: 'Contract', kind: 'address' },
      { name: 'value', label: 'Ether (wei)', kind: 'number' },
      { name: 'data', label: 'Call (bytes)', kind: 'bytes' },
    ],
    make: (_, answers) => ({
      target: read({ name: 'target', label: 'Contract', kind: 'address' }, answers['target'] ?? '') as Address,
      value: read({ name: 'value', label: 'Ether (wei)', kind: 'number' }, answers['value'] || '0') as bigint,
      data: read({ name: 'data', label: 'Call (bytes)', kind: 'bytes' }, answers['data'] ?? '') as Hex,
    }),
  },
];
