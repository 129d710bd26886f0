import type { Abi, Address, Hex } from 'viem';
import type { ReactNode } from 'react';

/** A call of a contract, as it will be sent. */
export type Call = {
  address: Address;
  abi: Abi;
  functionName: string;
  args: readonly unknown[];
  value?: bigint;
};

/** What is signed without being sent (EIP-712). */
export type TypedData = {
  domain: { name: string; version: string; chainId: number; verifyingContract: Address };
  types: Record<string, readonly { name: string; type: string }[]>;
  primaryType: string;
  message: Record<string, unknown>;
};

/** One thing that the wallet is asked for. */
export type Step =
  | { kind: 'send'; label: string; call: Call | (() => Promise<Call>); /** Left out when this is true at its turn. */ skip?: () => Promise<boolean> }
  | { kind: 'sign'; label: string; data: TypedData | (() => Promise<TypedData>); use: (signature: Hex) => void };

/** A row of "what this does". */
export type Effect = { label: string; value: ReactNode };

/** What a person is about to do. */
export type Plan = {
  title: string;
  /** The button's words, such as `Delegate`. */
  action: string;
  effects: Effect[];
  /** What a person should know before, if anything. */
  warnings?: string[];
  steps: Step[];
  /** Said when all is done. */
  done: ReactNode;
  onDone?: () => void;
};
