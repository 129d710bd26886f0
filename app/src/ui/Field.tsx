import { type ReactNode, useId, useState } from 'react';
import type { Address } from 'viem';
import { useAccount } from 'wagmi';
import { useAppConfig } from '../config/context';
import { imitated, readAddress } from '../lib/address';
import { AmountError, formatOpg, parseOpg } from '../lib/format';

type FieldProps = {
  label: ReactNode;
  value: string;
  onChange: (value: string) => void;
  hint?: ReactNode;
  problem?: string | undefined;
  warning?: ReactNode;
  multiline?: boolean;
  action?: ReactNode;
  placeholder?: string;
  inputMode?: 'decimal' | 'numeric' | 'text';
};

/** A labelled input. A problem is shown once the field was left, or when it is filled. */
export function Field({ label, value, onChange, hint, problem, warning, multiline, action, placeholder, inputMode }: FieldProps) {
  const id = useId();
  const [left, setLeft] = useState(false);
  const shown = problem && (left || value !== '') ? problem : undefined;
  const shared = {
    id,
    value,
    placeholder,
    spellCheck: false,
    autoComplete: 'off',
    onBlur: () => setLeft(value !== ''),
    'aria-invalid': shown ? true : undefined,
    'aria-describedby': `${id}-note`,
  };
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <div className="field-row">
        {multiline ? (
          <textarea {...shared} rows={5} onChange={(event) => onChange(event.target.value)} />
        ) : (
          <input {...shared} inputMode={inputMode} onChange={(event) => onChange(event.target.value)} />
        )}
        {action}
      </div>
      <div id={`${id}-note`} className="field-note" aria-live="polite">
        {shown ? <span className="problem">{shown}</span> : warning ? <span className="warning">{warning}</span> : hint}
      </div>
    </div>
  );
}

/** What an amount field holds: wei, or why not. */
export function readAmount(text: string, most?: bigint): { wei?: bigint; problem?: string } {
  try {
    const wei = parseOpg(text);
    if (wei === 0n) return { problem: 'Enter an amount above zero.' };
    if (most !== undefined && wei > most) return { problem: `You have ${formatOpg(most, 'exact')} OPG.` };
    return { wei };
  } catch (error) {
    return { problem: error instanceof AmountError ? error.message : 'This is not an amount.' };
  }
}

export function AmountField({ label, value, onChange, most, hint }: { label: ReactNode; value: string; onChange: (value: string) => void; most?: bigint | undefined; hint?: ReactNode }) {
  const { problem } = readAmount(value, most);
  return (
    <Field
      label={label}
      value={value}
      onChange={onChange}
      problem={problem}
      inputMode="decimal"
      placeholder="0.0"
      hint={hint ?? (most === undefined ? undefined : `Available: ${formatOpg(most)} OPG`)}
      action={
        most !== undefined && (
          <button type="button" className="button quiet" onClick={() => onChange(formatOpg(most, 'exact').replaceAll(',', ''))}>
            All
          </button>
        )
      }
    />
  );
}

/** An address typed or pasted in, with a warning where it imitates one that the reader knows. */
export function AddressField({ label, value, onChange, hint }: { label: ReactNode; value: string; onChange: (value: string) => void; hint?: ReactNode }) {
  const { names } = useAppConfig();
  const { address: own } = useAccount();
  const read = readAddress(value);
  const address: Address | undefined = 'address' in read ? read.address : undefined;
  const known = address ? names[address.toLowerCase()] : undefined;
  const twin = address && imitated(address, [...Object.keys(names), ...(own ? [own] : [])]);
  const warning = twin
    ? 'This address looks like one that you know, but is another one. Compare every character.'
    : known
      ? `This is a contract of OPG: ${known}.`
      : undefined;
  return (
    <Field
      label={label}
      value={value}
      onChange={onChange}
      problem={'problem' in read ? read.problem : undefined}
      warning={warning}
      hint={hint}
      placeholder="0x…"
    />
  );
}
