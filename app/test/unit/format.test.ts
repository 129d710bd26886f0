import { describe, expect, test } from 'vitest';
import { AmountError, formatBps, formatDuration, formatOpg, formatPercent, parseOpg } from '../../src/lib/format.ts';

const wei = (text: string) => parseOpg(text);

describe('amounts', () => {
  test('are read exactly', () => {
    expect(wei('1,250.5')).toBe(1_250_500_000_000_000_000_000n);
    expect(wei('0.000000000000000001')).toBe(1n);
    expect(wei('.5')).toBe(5n * 10n ** 17n);
    expect(wei('1000000000')).toBe(10n ** 27n);
  });

  test.each(['', ' ', '.', '-1', '1e5', '1,00', '12,34.5', '0x10', '1.0000000000000000001', 'NaN', '١٢'])('"%s" is refused', (text) => {
    expect(() => parseOpg(text)).toThrow(AmountError);
  });

  test('are never shown as more than they are', () => {
    expect(formatOpg(wei('1999.999'))).toBe('1,999.99');
    expect(formatOpg(wei('0.99999'))).toBe('0.9999');
    expect(formatOpg(1n)).toBe('<0.0001');
    expect(formatOpg(0n)).toBe('0');
    expect(formatOpg(-wei('1.5'))).toBe('−1.5');
  });

  test('have every digit on demand, which read back as the same amount', () => {
    let seed = 20_261_123n;
    for (let round = 0; round < 300; round += 1) {
      seed = (seed * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n) % 2n ** 64n;
      const amount = seed * BigInt(round + 1);
      expect(parseOpg(formatOpg(amount, 'exact'))).toBe(amount);
    }
  });
});

test('shares are rounded down, and of nothing are nothing', () => {
  expect(formatPercent(1n, 3n)).toBe('33.33 %');
  expect(formatPercent(3n, 3n)).toBe('100 %');
  expect(formatPercent(5n, 0n)).toBe('0 %');
  expect(formatPercent(1n, 1_000_000n)).toBe('<0.01 %');
  expect(formatBps(2_050)).toBe('20.5 %');
});

test('spans have two units', () => {
  expect(formatDuration(90_061)).toBe('1 day 1 hour');
  expect(formatDuration(59)).toBe('59 seconds');
  expect(formatDuration(-5)).toBe('0 seconds');
});
