import type { EventItem } from './api';
import type { Dropped } from './timeline';

/** The spans of time that retention has dropped of these modules, out of control events, the newest first. */
export function droppedOf(events: EventItem[], modules: string[]): Dropped[] {
  const known = new Set<string>();
  const dropped: Dropped[] = [];
  for (const e of events) {
    const subject = String((e.data?.action === 'archive.restore' ? e.data.detail : e.data?.subject) ?? '').replace(/^into /, '');
    const match = /^(\w+)\/(\d{4})(\d\d)(\d\d)(\d\d)?$/.exec(subject);
    if (!match || known.has(subject)) continue;
    known.add(subject); // what came after it says more
    const [, module, year, month, day, hour] = match;
    if (e.data?.action !== 'retention.drop' || !modules.includes(module!)) continue;
    const from = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour ?? 0));
    dropped.push({ from, to: from + (hour === undefined ? 86_400_000 : 3_600_000), title: `${module}: dropped by retention ${e.time}` });
  }
  return dropped;
}
