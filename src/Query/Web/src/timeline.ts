import type { EventItem, Histogram } from './api';
import { h, s } from './dom';
import { summary } from './format';

/** Time whose events of a module retention has dropped. */
export interface Dropped {
  from: number;
  to: number;
  title: string;
}

const width = 1200;
const height = 96;

/** Counts over time, stacked by module; a drag zooms in. What was lost is marked, so that a gap is seen as a gap. */
export class Timeline {
  readonly element: HTMLElement;
  private readonly chart = s('svg', { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': 'Events over time' });
  private readonly band = h('div', { class: 'band', hidden: true });
  private readonly from = h('span');
  private readonly peak = h('span', { class: 'peak' });
  private readonly to = h('span');
  private range = { from: 0, to: 1 };
  private start: number | null = null;

  constructor(
    private readonly colour: (module: string) => string,
    zoom: (from: number, to: number) => void,
  ) {
    const area = h('div', { class: 'chart' });
    area.append(this.chart, this.band);
    this.element = h('section', { class: 'timeline', 'aria-label': 'Timeline' }, area, h('div', { class: 'axis' }, this.from, this.peak, this.to));
    const share = (event: PointerEvent) => {
      const box = area.getBoundingClientRect();
      return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    };
    area.addEventListener('pointerdown', (event) => {
      this.start = share(event);
      area.setPointerCapture(event.pointerId);
    });
    area.addEventListener('pointermove', (event) => {
      if (this.start !== null) {
        const now = share(event);
        this.band.hidden = false;
        this.band.style.left = `${Math.min(this.start, now) * 100}%`;
        this.band.style.width = `${Math.abs(now - this.start) * 100}%`;
      }
    });
    area.addEventListener('pointerup', (event) => {
      const [first, last] = [this.start ?? 0, share(event)].sort((a, b) => a - b) as [number, number];
      this.start = null;
      this.band.hidden = true;
      if (last - first > 0.004) {
        const length = this.range.to - this.range.from;
        zoom(this.range.from + first * length, this.range.from + last * length);
      }
    });
  }

  show(histogram: Histogram, losses: EventItem[], dropped: Dropped[]): void {
    this.range = { from: Date.parse(histogram.from), to: Date.parse(histogram.to) };
    const modules = Object.entries(histogram.modules);
    const buckets = Math.max(1, ...modules.map(([, counts]) => counts.length));
    const totals = Array.from({ length: buckets }, (_, i) => modules.reduce((sum, [, counts]) => sum + (counts[i] ?? 0), 0));
    const most = Math.max(1, ...totals);
    const bar = width / buckets;
    const floor = new Array<number>(buckets).fill(height);
    const place = (time: number) => Math.min(width, Math.max(0, ((time - this.range.from) / (this.range.to - this.range.from)) * width));
    const area = (from: number, to: number, name: string, title: string) =>
      s('path', { d: `M${place(from).toFixed(1)} 0H${Math.max(place(to), place(from) + 2).toFixed(1)}V${height}H${place(from).toFixed(1)}z`, class: name }, s('title', {}, title));
    const gone = dropped.filter((d) => d.from < this.range.to && d.to > this.range.from);
    this.chart.replaceChildren(
      ...gone.map((d) => area(d.from, d.to, 'dropped', d.title)),
      ...modules.map(([module, counts]) => {
        let path = '';
        counts.forEach((count, i) => {
          if (count > 0) {
            const tall = Math.max(1.5, (count / most) * (height - 6));
            floor[i] = (floor[i] ?? height) - tall;
            path += `M${(i * bar).toFixed(1)} ${floor[i]!.toFixed(1)}h${Math.max(0.8, bar - 0.8).toFixed(1)}v${tall.toFixed(1)}h-${Math.max(0.8, bar - 0.8).toFixed(1)}z`;
          }
        });
        return s('path', { d: path, fill: this.colour(module) }, s('title', {}, module));
      }),
      ...losses.map((loss) => area(lostFrom(loss), Date.parse(loss.time), 'gap', `${loss.host}: ${summary(loss)}`)),
      ...losses.map((loss) => {
        const at = place(Date.parse(loss.time));
        return s('path', { d: `M${at.toFixed(1)} 0v${height}`, class: 'loss' }, s('title', {}, `${loss.time} ${loss.host}: ${summary(loss)}`));
      }),
    );
    const text = (time: number) => new Date(time).toISOString().slice(0, 19).replace('T', ' ');
    this.from.textContent = text(this.range.from);
    this.to.textContent = `${text(this.range.to)} UTC`;
    const total = totals.reduce((sum, count) => sum + count, 0);
    this.peak.textContent = `${total.toLocaleString()} events, at most ${Math.max(0, ...totals).toLocaleString()} in ${spanText(histogram.width_ms)}${losses.length > 0 ? `, ${losses.length} losses` : ''}${gone.length > 0 ? `, ${gone.length} partitions dropped by retention` : ''}`;
  }
}

// A loss says when it began by the kernel's clock, which the event has, too.
function lostFrom(loss: EventItem): number {
  const at = Date.parse(loss.time);
  const [now, from] = [Number(loss.boot_ns ?? 0), Number(loss.data?.from_ns ?? 0)];
  return from > 0 && now > from ? at - (now - from) / 1e6 : at;
}

function spanText(ms: number): string {
  return ms < 1000 ? `${ms.toFixed(0)} ms` : ms < 60_000 ? `${(ms / 1000).toFixed(0)} s` : ms < 3_600_000 ? `${(ms / 60_000).toFixed(0)} min` : `${(ms / 3_600_000).toFixed(1)} h`;
}
