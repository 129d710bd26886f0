import { isHex } from 'viem';
import { ask } from './receipts';

/** A model as a gateway offers it. */
export type Offer = { name: string; version: string; unitPrice: bigint };
/** What a gateway says of itself. */
export type Standing = { ready: boolean; reasons: string[]; operator: string | undefined; offers: Offer[] };

const texts = (value: unknown): string[] => (Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []);

/** Reads the two answers of a gateway; what is damaged is left out. */
export function readStanding(ready: unknown, models: unknown): Standing {
  const { ready: isReady, reasons } = (ready ?? {}) as { ready?: unknown; reasons?: unknown };
  const data = (models as { data?: unknown } | undefined)?.data;
  const rows = (Array.isArray(data) ? data : []) as { id?: unknown; owned_by?: unknown; opg?: { modelVersion?: unknown; unitPrice?: unknown } }[];
  const offers = rows.flatMap(({ id, opg }) =>
    typeof id === 'string' && typeof opg?.modelVersion === 'string' && isHex(opg.modelVersion) && typeof opg.unitPrice === 'string' && /^\d{1,39}$/.test(opg.unitPrice)
      ? [{ name: id, version: opg.modelVersion, unitPrice: BigInt(opg.unitPrice) }]
      : [],
  );
  const operator = rows.map(({ owned_by: owner }) => owner).find((owner) => typeof owner === 'string');
  return { ready: isReady === true, reasons: texts(reasons), operator, offers };
}

/** Asks a gateway whether it would answer, and what. */
export async function standingOf(gateway: string): Promise<Standing> {
  const [ready, models] = await Promise.all([ask(gateway, 'readyz'), ask(gateway, 'v1/models')]);
  return readStanding(ready, models);
}
