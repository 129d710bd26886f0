// Copies a model in GGUF with another chat template.
import { readFileSync, writeFileSync } from 'node:fs';

const SIZES = { 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8 };
const STRING = 8;
const LIST = 9;
const KEY = 'tokenizer.chat_template';
const ALIGNMENT = 32;

export function withTemplate(from, to, template) {
  const file = readFileSync(from);
  let at = 24;
  const number = () => Number(file.readBigUInt64LE((at += 8) - 8));
  const kind = () => file.readUInt32LE((at += 4) - 4);
  const text = () => {
    const length = number();
    return file.toString('utf8', at, (at += length));
  };
  const skip = (type) => {
    if (type === STRING) text();
    else if (type === LIST) for (let inner = kind(), left = number(); left > 0; --left) skip(inner);
    else at += SIZES[type];
  };
  let [begin, end] = [0, 0];
  for (let left = Number(file.readBigUInt64LE(16)); left > 0; --left) {
    const [key, type] = [text(), kind()];
    const value = at;
    skip(type);
    if (key === KEY) [begin, end] = [value, at];
  }
  for (let left = Number(file.readBigUInt64LE(8)); left > 0; --left) {
    text();
    const sides = kind();
    at += sides * 8 + 12;
  }
  const padding = (length) => (ALIGNMENT - (length % ALIGNMENT)) % ALIGNMENT;
  const data = file.subarray(at + padding(at));
  const bytes = Buffer.from(template);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(bytes.length));
  const head = Buffer.concat([file.subarray(0, begin), length, bytes, file.subarray(end, at)]);
  writeFileSync(to, Buffer.concat([head, Buffer.alloc(padding(head.length)), data]));
}
