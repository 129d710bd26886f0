import type { Address } from 'viem';
import type { TypedData } from '../../tx/plan';

/** How long a signature is good for. */
export const SIGNATURE_LIFETIME = 3_600n;

/** The token's own form of a delegation by signature: it names the delegator. */
export const delegationData = (chainId: number, opg: Address, message: { delegator: Address; delegatee: Address; nonce: bigint; expiry: bigint }): TypedData => ({
  domain: { name: 'OPG', version: '1', chainId, verifyingContract: opg },
  types: {
    DelegationFrom: [
      { name: 'delegator', type: 'address' },
      { name: 'delegatee', type: 'address' },
      { name: 'nonce', type: 'uint256' },
      { name: 'expiry', type: 'uint256' },
    ],
  },
  primaryType: 'DelegationFrom',
  message,
});
