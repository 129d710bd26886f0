import { type Hex, hexToString } from 'viem';

// What others wrote on the chain may contain characters that reorder, hide or imitate text around them.
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;
const BIDI = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const INVISIBLE = /[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2064\u206a-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb]|[\u{e0000}-\u{e0fff}]/gu;

/** Foreign text without characters that reorder or hide; cut after `limit` characters. Keeps line breaks. */
export function cleanText(text: string, limit = 20_000): string {
  const clean = text.replace(CONTROLS, '').replace(BIDI, '').replace(INVISIBLE, '');
  const points = [...clean.slice(0, limit * 2)];
  return points.length > limit ? `${points.slice(0, limit).join('')}…` : clean;
}

/** Foreign text as one line, for titles and tables. */
export const cleanLine = (text: string, limit = 120): string => cleanText(text.replace(/\s+/g, ' ').trim(), limit);

/** A name of at most 32 bytes as contracts keep it, such as that of a task. */
export function nameOf(bytes: Hex): string {
  try {
    return cleanLine(hexToString(bytes, { size: 32 }), 32) || 'unknown';
  } catch {
    return 'unknown';
  }
}

/** Title of a proposal: its first line that begins with `#`, else its first line. */
export function proposalTitle(description: string): string {
  const lines = description.split('\n').map((line) => line.trim());
  const heading = lines.find((line) => /^#(?!proposer=)/i.test(line));
  const title = cleanLine((heading ?? lines.find(Boolean) ?? '').replace(/^#+\s*/, ''));
  return title || 'Untitled proposal';
}

/** Text of a proposal without its title and without the suffix that names the proposer. */
export function proposalBody(description: string): string {
  const text = description.replace(/#proposer=0x[0-9a-fA-F]{40}\s*$/, '');
  const lines = text.split('\n');
  const at = lines.findIndex((line) => /^\s*#/.test(line));
  return (at < 0 ? lines : lines.filter((_, index) => index !== at)).join('\n').trim();
}

/** A name in camel case or with hyphens as words: `lateQuorumVoteExtension` is `late quorum vote extension`. */
export const words = (name: string): string =>
  name
    .replace(/^_+/, '')
    .replace(/[-_]+/g, ' ')
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase();

/** `https` addresses only; everything else that a stranger wrote is not made a link. */
export function safeUrl(text: string): URL | undefined {
  if (text !== cleanText(text)) return undefined;
  try {
    const url = new URL(text);
    return url.protocol === 'https:' && !url.username && !url.password ? url : undefined;
  } catch {
    return undefined;
  }
}
