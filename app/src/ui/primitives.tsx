import { type ButtonHTMLAttributes, type ReactNode, useRef } from 'react';
import { formatOpg } from '../lib/format';
import { useArrival } from '../app/router';
import { useSettings } from '../app/settings';

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & { kind?: 'primary' | 'plain' | 'quiet' | 'danger'; busy?: boolean };

export function Button({ kind = 'plain', busy = false, className = '', children, ...rest }: ButtonProps) {
  return (
    <button type="button" className={`button ${kind} ${className}`} aria-busy={busy || undefined} {...rest}>
      {children}
    </button>
  );
}

export function Card({ title, action, children, className = '' }: { title?: ReactNode; action?: ReactNode; children: ReactNode; className?: string }) {
  return (
    <section className={`card ${className}`}>
      {title !== undefined && (
        <header className="card-head">
          <h2>{title}</h2>
          {action}
        </header>
      )}
      {children}
    </section>
  );
}

/** A page's heading and what it is for. */
export function PageHead({ title, children, action }: { title: ReactNode; children?: ReactNode; action?: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useArrival(heading);
  return (
    <div className="page-head">
      <div>
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {children && <p className="lead">{children}</p>}
      </div>
      {action}
    </div>
  );
}

/** An amount of OPG. All digits are in its tooltip, and on the page when the reader chose exact amounts. */
export function Opg({ value, unit = true, sign = false }: { value: bigint | undefined; unit?: boolean; sign?: boolean }) {
  const { exact } = useSettings();
  if (value === undefined) return <Loading />;
  const all = formatOpg(value, 'exact');
  return (
    <data className="amount" value={value.toString()} title={`${all} OPG`}>
      {sign && value > 0n ? '+' : ''}
      {exact ? all : formatOpg(value)}
      {unit && <span className="unit"> OPG</span>}
    </data>
  );
}

/** In place of a figure that is not there yet; `room` keeps the height of what will come, so that nothing moves then. */
export const Loading = ({ wide = false, room }: { wide?: boolean; room?: number }) => (
  <span className={`skeleton${wide ? ' wide' : ''}`} role="status" style={room === undefined ? undefined : { height: room }}>
    <span className="hidden">Loading</span>
  </span>
);

/** One figure with its name. */
export function Figure({ label, children, note }: { label: ReactNode; children: ReactNode; note?: ReactNode }) {
  return (
    <div className="figure">
      <dt>{label}</dt>
      <dd>{children}</dd>
      {note && <dd className="note">{note}</dd>}
    </div>
  );
}

export const Figures = ({ children }: { children: ReactNode }) => <dl className="figures">{children}</dl>;

/** Rows of names and values. */
export function Rows({ rows }: { rows: { label: ReactNode; value: ReactNode }[] }) {
  return (
    <dl className="rows">
      {rows.map(({ label, value }, index) => (
        <div key={index}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Said where there is nothing to show, with what to do about it. */
export const Empty = ({ title, children }: { title: string; children?: ReactNode }) => (
  <div className="empty">
    <p className="empty-title">{title}</p>
    {children && <div>{children}</div>}
  </div>
);

export type Tone = 'info' | 'good' | 'warn' | 'bad';

export const Notice = ({ tone = 'info', title, children, live = false }: { tone?: Tone; title?: ReactNode; children?: ReactNode; live?: boolean }) => (
  <div className={`notice ${tone}`} role={live ? (tone === 'bad' ? 'alert' : 'status') : undefined}>
    {title && <p className="notice-title">{title}</p>}
    {children && <div>{children}</div>}
  </div>
);

export const Badge = ({ tone = 'info', children }: { tone?: Tone | 'quiet'; children: ReactNode }) => <span className={`badge ${tone}`}>{children}</span>;

/** A bar of parts of a whole, in percent. */
export function Bar({ parts, label, mark }: { parts: { percent: number; tone: string }[]; label: string; mark?: number | undefined }) {
  let at = 0;
  return (
    <svg className="bar" viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label={label}>
      <rect className="bar-rest" width="100" height="6" />
      {parts.map(({ percent, tone }, index) => {
        const x = at;
        at += percent;
        return <rect key={index} className={`bar-${tone}`} x={x} width={Math.max(0, percent)} height="6" />;
      })}
      {mark !== undefined && <rect className="bar-mark" x={Math.min(99.4, mark)} width="0.6" height="6" />}
    </svg>
  );
}

/** A table that scrolls by itself where the screen is narrow. */
export function Table({ head, children, caption }: { head: ReactNode[]; children: ReactNode; caption: string }) {
  return (
    <div className="table" role="region" aria-label={caption} tabIndex={0}>
      <table>
        <caption className="hidden">{caption}</caption>
        <thead>
          <tr>
            {head.map((cell, index) => (
              <th key={index} scope="col">
                {cell === '' ? <span className="hidden">Actions</span> : cell}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
