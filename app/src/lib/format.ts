const WEI = 10n ** 18n;

/** How many digits an amount is shown with. */
export type Precision = 'short' | 'exact';

const grouped = (digits: string): string => digits.replace(/\B(?=(\d{3})+(?!\d))/g, ',');

/** A whole number in groups of three digits. `toLocaleString` takes a phone 70 ms the first time. */
export const formatCount = (count: number | bigint): string => grouped(count.toString());

/** OPG of an amount in wei. `exact` shows every digit; `short` rounds down, so that nobody reads more than there is. */
export function formatOpg(wei: bigint, precision: Precision = 'short'): string {
  const sign = wei < 0n ? '−' : '';
  const value = wei < 0n ? -wei : wei;
  const whole = value / WEI;
  const fraction = (value % WEI).toString().padStart(18, '0').replace(/0+$/, '');
  if (precision === 'exact') return `${sign}${grouped(whole.toString())}${fraction ? `.${fraction}` : ''}`;
  if (value > 0n && value < WEI / 10_000n) return `${sign}<0.0001`;
  const places = whole >= 1_000n ? 2 : 4;
  const shown = fraction.slice(0, places).replace(/0+$/, '');
  return `${sign}${grouped(whole.toString())}${shown ? `.${shown}` : ''}`;
}

/** A large amount in three digits, for charts and tiles: `18.9M`. */
export function formatCompact(wei: bigint): string {
  return new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 }).format(toNumber(wei));
}

/** OPG as a number: for drawing only, never for arithmetic with money. */
export const toNumber = (wei: bigint): number => Number(wei / 10n ** 9n) / 1e9;

/** Why a text is not an amount. */
export class AmountError extends Error {}

/** Wei of what a person typed: digits, optionally grouped by commas, with at most 18 decimals. */
export function parseOpg(text: string): bigint {
  const clean = text.trim();
  if (clean === '') throw new AmountError('Enter an amount.');
  if (!/^(\d+|\d{1,3}(,\d{3})+)?(\.\d*)?$/.test(clean) || clean === '.') {
    throw new AmountError('Use digits and one point, for instance 1250.5.');
  }
  const [whole = '', fraction = ''] = clean.replaceAll(',', '').split('.');
  if (fraction.length > 18) throw new AmountError('OPG has 18 decimals at most.');
  return BigInt(whole || '0') * WEI + BigInt(fraction.padEnd(18, '0'));
}

/** `part` of `whole` as a percentage with two digits, rounded down; an empty whole is 0 %. */
export function formatPercent(part: bigint, whole: bigint): string {
  if (whole === 0n) return '0 %';
  const hundredths = (part * 10_000n) / whole;
  if (hundredths === 0n && part > 0n) return '<0.01 %';
  const digits = (hundredths % 100n).toString().padStart(2, '0').replace(/0+$/, '');
  return `${grouped((hundredths / 100n).toString())}${digits ? `.${digits}` : ''} %`;
}

/** Basis points as a percentage. */
export const formatBps = (bps: number): string => formatPercent(BigInt(bps), 10_000n);

// Made once, when first needed: making one is slow.
const formats: { time?: Intl.DateTimeFormat; date?: Intl.DateTimeFormat } = {};

/** Date and time of a unix time, in the reader's zone. */
export function formatTime(seconds: number | bigint): string {
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime())) return 'never';
  return (formats.time ??= new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' })).format(date);
}

/** Date of a unix time, in the reader's zone. */
export function formatDate(seconds: number | bigint): string {
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime())) return 'never';
  return (formats.date ??= new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium' })).format(date);
}

const UNITS: [string, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];

/** A span in its two largest units: `2 days 3 hours`. */
export function formatDuration(seconds: number | bigint): string {
  let rest = Math.max(0, Math.floor(Number(seconds)));
  const parts: string[] = [];
  for (const [name, size] of UNITS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${name}${count === 1 ? '' : 's'}`);
    if (parts.length === 2) break;
  }
  return parts.length === 0 ? '0 seconds' : parts.join(' ');
}
