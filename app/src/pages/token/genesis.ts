import { useQuery } from '@tanstack/react-query';
import { type Address, getAddress, type Hex } from 'viem';
import { useAppConfig } from '../../config/context';

/** A claim of the airdrop, with its proof. */
export type Claim = { index: bigint; account: Address; amount: bigint; proof: Hex[] };

/** A schedule as the vault takes it. */
export type Schedule = {
  category: number;
  index: number;
  beneficiary: Address;
  amount: bigint;
  tgeAmount: bigint;
  revocable: boolean;
  transferable: boolean;
};

/** A schedule of an account, with its proof and the terms of its category. */
export type Grant = { name: string; schedule: Schedule; proof: Hex[]; start: number; cliff: number; duration: number };

/** A category as the manifest of the genesis has it. */
export type Category = { id: number; name: string; total: bigint; tgeTotal: bigint; start: number; cliff: number; duration: number; beneficiaries: string };

type Row = { index: number; account?: string; beneficiary?: string; amount: string; tgeAmount?: string; revocable?: boolean; transferable?: boolean; proof: Hex[] };

async function fetchText(url: string): Promise<string | undefined> {
  const response = await fetch(url);
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`http request failed: ${url} answered ${response.status}`);
  // A server that answers every path with the page has no such file.
  return response.headers.get('content-type')?.startsWith('text/html') ? undefined : response.text();
}

/** Categories of the genesis. */
export async function fetchCategories(base: string): Promise<Category[]> {
  const text = await fetchText(`${base}manifest.json`);
  if (text === undefined) throw new Error(`http request failed: no manifest.json in ${base}`);
  const manifest = JSON.parse(text) as { categories: (Omit<Category, 'total' | 'tgeTotal'> & { total: string; tgeTotal: string })[] };
  return manifest.categories.map((category) => ({ ...category, total: BigInt(category.total), tgeTotal: BigInt(category.tgeTotal) }));
}

/** The rows of an account in one tree. The files are split by the first byte of the address. */
async function fetchRows(base: string, tree: string, account: Address): Promise<Row[]> {
  const text = await fetchText(`${base}proofs/${encodeURIComponent(tree)}/${account.slice(2, 4).toLowerCase()}.jsonl`);
  const own = account.toLowerCase();
  return (text ?? '')
    .split('\n')
    .filter((line) => line.toLowerCase().includes(own))
    .map((line) => JSON.parse(line) as Row)
    .filter((row) => (row.account ?? row.beneficiary)?.toLowerCase() === own);
}

/** The airdrop's claim of an account. */
export async function fetchClaim(base: string, account: Address): Promise<Claim | null> {
  const [row] = await fetchRows(base, 'airdrop', account);
  return row ? { index: BigInt(row.index), account: getAddress(account), amount: BigInt(row.amount), proof: row.proof } : null;
}

/** All grants of an account. */
export async function fetchGrants(base: string, account: Address): Promise<Grant[]> {
  const categories = (await fetchCategories(base)).filter(({ beneficiaries }) => beneficiaries === 'schedules');
  const found = await Promise.all(
    categories.map(async ({ id, name, start, cliff, duration }) =>
      (await fetchRows(base, name, account)).map(({ index, amount, tgeAmount, revocable, transferable, proof }) => ({
        name,
        proof,
        start,
        cliff,
        duration,
        schedule: {
          category: id,
          index,
          beneficiary: getAddress(account),
          amount: BigInt(amount),
          tgeAmount: BigInt(tgeAmount ?? '0'),
          revocable: revocable ?? false,
          transferable: transferable ?? false,
        },
      })),
    ),
  );
  return found.flat();
}

export function useClaim(account: Address) {
  const { genesis } = useAppConfig();
  return useQuery({ queryKey: ['genesis', 'claim', genesis, account], enabled: Boolean(genesis), staleTime: Infinity, queryFn: () => fetchClaim(genesis ?? '', account) });
}

export function useGrants(account: Address) {
  const { genesis } = useAppConfig();
  return useQuery({ queryKey: ['genesis', 'grants', genesis, account], enabled: Boolean(genesis), staleTime: Infinity, queryFn: () => fetchGrants(genesis ?? '', account) });
}

export function useCategories() {
  const { genesis } = useAppConfig();
  return useQuery({ queryKey: ['genesis', 'categories', genesis], enabled: Boolean(genesis), staleTime: Infinity, queryFn: () => fetchCategories(genesis ?? '') });
}
