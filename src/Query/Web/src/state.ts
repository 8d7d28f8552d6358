// What is looked at, kept in the address so that a link shows the same.

import { layouts, type Layout } from './columns';

export interface View {
  show: Layout;
  filter: string;
  modules: string[];
  /** Milliseconds back from now; 0 when from and to say it. */
  back: number;
  from: number;
  to: number;
}

export const ranges: [string, number][] = [
  ['15 minutes', 15 * 60_000],
  ['1 hour', 3_600_000],
  ['6 hours', 6 * 3_600_000],
  ['24 hours', 24 * 3_600_000],
  ['7 days', 7 * 24 * 3_600_000],
  ['30 days', 30 * 24 * 3_600_000],
];

export function read(): View {
  const hash = new URLSearchParams(location.hash.slice(1));
  const from = Date.parse(hash.get('from') ?? '');
  const to = Date.parse(hash.get('to') ?? '');
  const isSpan = Number.isFinite(from) && Number.isFinite(to) && from < to;
  const back = Number(hash.get('back'));
  const show = hash.get('show');
  return {
    show: layouts.find(([name]) => name === show)?.[0] ?? 'events',
    filter: hash.get('filter') ?? '',
    modules: (hash.get('modules') ?? '').split(',').filter((m) => m.length > 0),
    back: isSpan ? 0 : back > 0 ? back : 3_600_000,
    from: isSpan ? from : 0,
    to: isSpan ? to : 0,
  };
}

export function write(view: View): void {
  const hash = new URLSearchParams();
  if (view.show !== 'events') hash.set('show', view.show);
  if (view.filter) hash.set('filter', view.filter);
  if (view.modules.length > 0) hash.set('modules', view.modules.join(','));
  if (view.back > 0) {
    hash.set('back', String(view.back));
  } else {
    hash.set('from', new Date(view.from).toISOString());
    hash.set('to', new Date(view.to).toISOString());
  }
  const text = `#${hash}`;
  if (text !== location.hash) {
    history.pushState(null, '', text);
  }
}

/** A filter and one condition more. */
export const narrowed = (filter: string, condition: string): string => (filter.trim() ? `(${filter}) and ${condition}` : condition);

export function span(view: View): { from: number; to: number } {
  const now = Date.now();
  return view.back > 0 ? { from: now - view.back, to: now } : { from: view.from, to: view.to };
}
