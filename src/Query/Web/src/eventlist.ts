import type { EventItem } from './api';
import { columns, type Layout } from './columns';
import { h } from './dom';
import { isTrouble } from './format';

const most = 5000;

/** The events, newest first. Older ones are asked for when the end comes into sight. */
export class EventList {
  readonly element: HTMLElement;
  private readonly body = h('tbody');
  private readonly note = h('div', { class: 'note', role: 'status' });
  private events: EventItem[] = [];
  private readonly ids = new Set<string>();
  private selected = -1;
  private shown = columns.events;
  private readonly head = h('thead');

  constructor(
    private readonly colour: (module: string) => string,
    private readonly open: (e: EventItem) => void,
    more: () => void,
  ) {
    this.element = h('section', { class: 'events', 'aria-label': 'Events' }, h('table', {}, this.head, this.body), this.note);
    this.layout('events');
    new IntersectionObserver((seen) => seen.some((s) => s.isIntersecting) && this.events.length > 0 && this.events.length < most && more(), { rootMargin: '400px' }).observe(this.note);
  }

  /** Chooses the columns; what is in the list goes. */
  layout(name: Layout): void {
    this.shown = columns[name];
    this.element.dataset.layout = name;
    this.clear('');
    this.head.replaceChildren(
      h('tr', {}, ...this.shown.map((c) => {
        const cell = h('th', { scope: 'col', class: c.class === 'number' ? c.class : undefined }, c.title);
        cell.style.setProperty('width', c.width ?? 'auto');
        return cell;
      })),
    );
  }

  clear(note: string): void {
    this.events = [];
    this.ids.clear();
    this.selected = -1;
    this.body.replaceChildren();
    this.note.textContent = note;
  }

  say(note: string): void {
    this.note.textContent = note;
  }

  get count(): number {
    return this.events.length;
  }

  get newest(): EventItem | undefined {
    return this.events[0];
  }

  append(events: EventItem[]): void {
    const fresh = events.filter((e) => this.isNew(e));
    this.events.push(...fresh);
    this.body.append(...fresh.map((e) => this.row(e)));
  }

  /** Puts newer ones in front; returns how many were new. */
  prepend(events: EventItem[]): number {
    const fresh = events.filter((e) => this.isNew(e));
    this.events.unshift(...fresh);
    this.body.prepend(...fresh.map((e) => this.row(e, 'fresh')));
    this.selected = this.selected < 0 ? -1 : this.selected + fresh.length;
    while (this.events.length > most) {
      this.ids.delete(this.events.pop()!.id);
      this.body.lastElementChild?.remove();
    }
    return fresh.length;
  }

  move(by: number): void {
    if (this.events.length > 0) {
      this.select(Math.min(this.events.length - 1, Math.max(0, this.selected + by)));
    }
  }

  openSelected(): void {
    const e = this.events[this.selected];
    if (e) {
      this.open(e);
    }
  }

  private isNew(e: EventItem): boolean {
    return !this.ids.has(e.id) && this.ids.add(e.id) !== undefined;
  }

  private select(index: number): void {
    this.body.querySelector('[aria-selected=true]')?.setAttribute('aria-selected', 'false');
    this.selected = index;
    const row = this.body.children[index];
    row?.setAttribute('aria-selected', 'true');
    row?.scrollIntoView({ block: 'nearest' });
  }

  private row(e: EventItem, name = ''): HTMLTableRowElement {
    const row = h(
      'tr',
      { class: `${name} ${isTrouble(e) ? 'trouble' : ''}`.trim(), 'aria-selected': 'false' },
      ...this.shown.map((c) => {
        const text = c.text(e).slice(0, 400);
        return c.class === 'module-name' ? h('td', {}, h('span', { class: 'module' }, text)) : h('td', { class: c.class, title: c.class === 'time' ? e.time : undefined }, text);
      }),
    );
    row.querySelector<HTMLElement>('.module')?.style.setProperty('--module', this.colour(e.module));
    row.addEventListener('click', () => {
      this.select([...this.body.children].indexOf(row));
      this.open(e);
    });
    return row;
  }
}
