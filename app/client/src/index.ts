/**
 * Verifies what OPG's nodes answer, in browsers and in Node: receipts, batches, and a `fetch` that fails closed.
 * @packageDocumentation
 */
export { canonicalize, hashOf, type Json } from './canonical.ts';
export { digestOf, httpRequestId, readSignedReceipt, type Receipt, signerOf, type SignedReceipt } from './receipt.ts';
export { batchLeaf, isInBatch } from './batch.ts';
export { type Check, type Facts, verify } from './checks.ts';
export { type Contracts, factsOf } from './facts.ts';
export { ReceiptRefused, verifyingFetch, type VerifyingFetchOptions } from './fetch.ts';
