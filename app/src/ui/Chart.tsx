import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useSettings } from '../app/settings';

export type Series = { label: string; color: 'accent' | 'good' | 'warn' | 'muted'; values: (number | null)[]; fill?: boolean; bars?: boolean };
export type Marker = { at: number; label: string; color: 'accent' | 'warn' | 'muted' };

const css = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

const DAY = 86_400;

/** Labels of the time axis, as fine as its steps. */
function timeLabels(splits: number[], step: number): string[] {
  const options: Intl.DateTimeFormatOptions = step >= 360 * DAY ? { year: 'numeric' } : step >= 28 * DAY ? { month: 'short', year: '2-digit' } : step >= DAY ? { day: 'numeric', month: 'short' } : { hour: '2-digit', minute: '2-digit' };
  const format = new Intl.DateTimeFormat('en-GB', options);
  return splits.map((time) => format.format(time * 1000));
}

function drawMarkers(markers: Marker[]) {
  return (plot: uPlot) => {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
    for (const [index, { at, label, color }] of markers.entries()) {
      const x = plot.valToPos(at, 'x', true);
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      ctx.strokeStyle = ctx.fillStyle = css(color);
      ctx.lineWidth = devicePixelRatio;
      ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      const isRight = x > bbox.left + bbox.width * 0.8;
      ctx.textAlign = isRight ? 'right' : 'left';
      ctx.fillText(label, x + (isRight ? -5 : 5) * devicePixelRatio, bbox.top + (12 + index * 14) * devicePixelRatio);
    }
    ctx.restore();
  };
}

/** Series over unix time. What it shows must also be said in words by `summary`, for those who cannot see it. */
export default function Chart({ times, series, markers = [], summary, format, height = 220 }: { times: number[]; series: Series[]; markers?: Marker[]; summary: string; format: (value: number) => string; height?: number }) {
  const box = useRef<HTMLDivElement>(null);
  const { theme } = useSettings();
  const data = JSON.stringify([times, series, markers]);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    element.style.minHeight = `${height}px`;
    const axis = { stroke: css('muted'), grid: { stroke: css('line'), width: 1 }, ticks: { show: false }, font: '11px system-ui, sans-serif' };
    const plot = new uPlot(
      {
        width: element.clientWidth || 320,
        height,
        cursor: { show: false },
        legend: { show: false },
        axes: [{ ...axis, space: 70, size: 26, values: (_, splits, __, ___, step) => timeLabels(splits, step) }, { ...axis, size: 58, values: (_, values) => values.map(format) }],
        scales: { y: { range: (_, __, most) => [0, most > 0 ? most * 1.06 : 1] } },
        series: [
          {},
          ...series.map(({ label, color, fill, bars }) => ({
            label,
            stroke: css(color),
            width: bars ? 0 : 2,
            pxAlign: 0,
            points: { show: false },
            ...(bars && uPlot.paths.bars ? { paths: uPlot.paths.bars({ size: [0.8, 28] }), fill: css(color) } : fill ? { fill: `${css(color)}22` } : {}),
          })),
        ],
        hooks: { draw: [drawMarkers(markers)] },
      },
      [times, ...series.map(({ values }) => values)],
      element,
    );
    const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
    // The data is compared by its text: callers make new arrays each time.
  }, [data, theme, height, format]);
  return (
    <figure>
      <div ref={box} className="chart" role="img" aria-label={summary} />
      {series.length > 1 && (
        <figcaption className="legend">
          {series.map(({ label, color }) => (
            <span key={label} className={`legend-${color}`}>
              {label}
            </span>
          ))}
        </figcaption>
      )}
    </figure>
  );
}
