import './style.css';
import { api, ApiError, token, type EventItem, type Page, type Parameters } from './api';
import { Detail, hasConnection } from './detail';
import { layouts, type Layout } from './columns';
import { h } from './dom';
import { EventList } from './eventlist';
import { FilterBar } from './filterbar';
import { narrowed, ranges, read, span, write, type View } from './state';
import { droppedOf } from './retention';
import { Timeline } from './timeline';

const pageSize = 200;
const liveEvery = 2000;
const sqlModules = ['postgres', 'mysqld'];
const hidden = ['packet', 'secret', 'agent', 'process', 'connection', 'access', 'control'];

class App {
  private view: View = read();
  private modules: string[] = [];
  private next: string | null = null;
  private loading: AbortController | null = null;
  private live: number | null = null;
  private fixed: { from: number; to: number } = { from: 0, to: 0 };

  private readonly list = new EventList((m) => this.colour(m), (e) => this.show(e), () => void this.more());
  private readonly detail = new Detail({
    around: (filter, time, minutes) => {
      const at = Date.parse(time);
      this.go({ show: 'events', filter, modules: [], back: 0, from: at - minutes * 60_000, to: at + minutes * 60_000 });
    },
    download: (e, keys, reason, done) => void this.download(e, keys, reason, done),
    close: () => this.detail.hide(),
  });
  private readonly timeline = new Timeline((m) => this.colour(m), (from, to) => this.go({ ...this.view, back: 0, from, to }));
  private readonly bar = new FilterBar((filter) => this.go({ ...this.view, filter }));
  private readonly chips = h('div', { class: 'chips', role: 'group', 'aria-label': 'Modules' });
  private readonly range = h('select', { 'aria-label': 'Span of time', change: () => this.chooseRange() });
  private readonly liveButton = h('button', { type: 'button', class: 'live', 'aria-pressed': 'false', title: 'Follow (l)', click: () => this.toggleLive() }, '● live');
  private readonly views = h('div', { class: 'views', role: 'group', 'aria-label': 'Views' });
  private readonly store = h('span', { class: 'store' });
  private readonly help = this.helpDialog();
  private readonly login = this.loginDialog();

  start(root: HTMLElement): void {
    const theme = h('button', { type: 'button', title: 'Dark or light (t)', 'aria-label': 'Dark or light', click: () => this.theme() }, '◐');
    const question = h('button', { type: 'button', title: 'Keys (?)', 'aria-label': 'Help', click: () => this.help.showModal() }, '?');
    root.append(
      h('header', { class: 'top' }, h('h1', {}, 'ecapture'), this.views, this.bar.element, this.range, this.liveButton, theme, question),
      this.timeline.element,
      this.chips,
      h('main', {}, this.list.element, this.detail.element),
      h('footer', {}, this.store),
      this.help,
      this.login,
    );
    const theme0 = localStorage.getItem('ecapture.theme');
    if (theme0) document.documentElement.dataset.theme = theme0;
    addEventListener('popstate', () => ((this.view = read()), void this.load()));
    addEventListener('keydown', (event) => this.key(event));
    void this.open();
  }

  private async open(): Promise<void> {
    try {
      const [fields, status] = await Promise.all([api.fields(), api.status()]);
      this.bar.known = fields.fields;
      this.modules = status.modules.map((m) => m.name);
      this.store.textContent = `${status.modules.reduce((sum, m) => sum + m.events, 0).toLocaleString()} events in ${status.store}, ecapture ${status.version.split('+')[0]}`;
    } catch (error) {
      this.failed(error);
      return;
    }
    await this.load();
  }

  private go(view: View): void {
    this.view = view;
    write(view);
    void this.load();
  }

  private parameters(): Parameters {
    return {
      filter: this.view.filter,
      from: new Date(this.fixed.from).toISOString(),
      to: new Date(this.fixed.to).toISOString(),
    };
  }

  private chosenModules(): string[] {
    if (this.view.show === 'http') return ['http'];
    if (this.view.show === 'connections') return ['connection'];
    if (this.view.show === 'statements') return sqlModules.filter((m) => this.modules.includes(m));
    return this.view.modules.length > 0 ? this.view.modules : this.modules.filter((m) => !hidden.includes(m));
  }

  /** What the list shows: a page of it, or of connections and counts of statements what the service gives. */
  private async page(parameters: Parameters, signal?: AbortSignal): Promise<Page> {
    switch (this.view.show) {
      case 'connections':
        return api.connections({ ...parameters, limit: '500' }, signal);
      case 'statements':
        return api.statements(parameters, signal);
      default: {
        const page = await api.events({ ...parameters, module: this.chosenModules(), limit: String(pageSize) }, signal);
        return page.events.length < pageSize ? { ...page, next: null } : page;
      }
    }
  }

  private what(): string {
    return this.view.show === 'connections' ? 'connections' : this.view.show === 'statements' ? 'kinds of statements' : 'events';
  }

  // Statements are counted; what they are together is in the list of events.
  private show(e: EventItem): void {
    if (e.type === 'statement_group') {
      this.go({ ...this.view, show: 'events', modules: [e.module], filter: narrowed(this.view.filter, `sql_fingerprint == ${String(e.data?.fingerprint)}`) });
    } else {
      this.detail.show(e);
    }
  }

  private async load(): Promise<void> {
    this.loading?.abort();
    const loading = (this.loading = new AbortController());
    this.fixed = span(this.view);
    this.bar.value = this.view.filter;
    this.showRanges();
    this.showViews();
    this.showChips({});
    this.list.layout(this.view.show);
    this.list.clear('loading…');
    this.bar.clearError();
    try {
      const [page, histogram, losses, drops] = await Promise.all([
        this.page(this.parameters(), loading.signal),
        api.histogram({ ...this.parameters(), module: this.modules, buckets: '200' }, loading.signal),
        api.events({ from: this.parameters().from, to: this.parameters().to, module: 'agent', text: '', limit: '500' }, loading.signal),
        api.events({ from: this.parameters().from, module: 'control', filter: 'action in ("retention.drop", "archive.restore")', limit: '500' }, loading.signal),
      ]);
      this.next = page.next;
      this.list.clear('');
      this.list.append(page.events);
      this.showChips(Object.fromEntries(Object.entries(histogram.modules).map(([m, counts]) => [m, counts.reduce((a, b) => a + b, 0)])));
      const shown = this.chosenModules();
      this.timeline.show({ ...histogram, modules: Object.fromEntries(Object.entries(histogram.modules).filter(([m]) => shown.includes(m))) }, losses.events.filter((e) => e.type === 'loss'), droppedOf(drops.events, this.view.show === 'connections' ? [] : shown));
      this.list.say(this.list.count === 0 ? 'Nothing matches in this span of time.' : this.next ? '' : `${this.list.count} ${this.what()}: that is all.`);
    } catch (error) {
      if (!loading.signal.aborted) {
        this.list.clear('');
        this.failed(error);
      }
    }
  }

  private async more(): Promise<void> {
    const cursor = this.next;
    if (!cursor) return;
    this.next = null;
    try {
      const page = await this.page({ ...this.parameters(), cursor }, this.loading?.signal);
      this.list.append(page.events);
      this.next = page.next;
      this.list.say(this.next ? '' : `${this.list.count} ${this.what()}: that is all.`);
    } catch (error) {
      if (!this.loading?.signal.aborted) this.failed(error);
    }
  }

  // Looks a little back each time: events of several hosts do not arrive in the order of their times.
  private async follow(): Promise<void> {
    const isCounted = this.view.show === 'statements'; // all of the span, again: counts grow
    const since = isCounted ? span(this.view).from : Math.max(this.fixed.from, (this.list.newest ? Date.parse(this.list.newest.time) : Date.now()) - 10_000);
    try {
      const show = this.view.show;
      const page = await this.page({ filter: this.view.filter, from: new Date(since).toISOString() });
      if (this.live !== null && show === this.view.show) {
        if (isCounted) this.list.clear('');
        this.list.prepend(page.events);
        this.list.say(`following; ${this.list.count} ${this.what()}`);
      }
    } catch (error) {
      this.failed(error);
    }
    if (this.live !== null) {
      this.live = window.setTimeout(() => void this.follow(), liveEvery);
    }
  }

  private toggleLive(): void {
    if (this.live !== null) {
      clearTimeout(this.live);
      this.live = null;
    } else {
      this.live = 0;
      if (this.view.back === 0) this.go({ ...this.view, back: 900_000, from: 0, to: 0 });
      void this.follow();
    }
    this.liveButton.setAttribute('aria-pressed', String(this.live !== null));
  }

  private async download(e: EventItem, keys: boolean, reason: string, done: (text: string) => void): Promise<void> {
    const at = Date.parse(e.time);
    try {
      done(await api.pcapng({
        host: e.host,
        ...(hasConnection(e) ? { connection: e.connection } : { flow: e.flow?.id }),
        from: new Date(at - 1000).toISOString(),
        to: new Date(at + 1000).toISOString(),
        keys: String(keys),
        reason,
      }));
    } catch (error) {
      done(error instanceof Error ? error.message : String(error));
    }
  }

  private showRanges(): void {
    const isSpan = this.view.back === 0;
    const text = (time: number) => new Date(time).toISOString().slice(0, 19).replace('T', ' ');
    this.range.replaceChildren(
      ...ranges.map(([name, back]) => h('option', { value: String(back), selected: !isSpan && this.view.back === back }, `last ${name}`)),
      ...(isSpan ? [h('option', { value: '0', selected: true }, `${text(this.view.from)} – ${text(this.view.to).slice(11)}`)] : []),
    );
  }

  private showViews(): void {
    this.views.replaceChildren(
      ...layouts.map(([name, title], i) => h('button', { type: 'button', 'aria-pressed': String(this.view.show === name), title: `${title} (${i + 1})`, click: () => this.look(name) }, title)),
    );
  }

  private look(show: Layout): void {
    this.detail.hide();
    this.go({ ...this.view, show, modules: [] });
  }

  private chooseRange(): void {
    const back = Number(this.range.value);
    if (back > 0) this.go({ ...this.view, back, from: 0, to: 0 });
  }

  private showChips(counts: Record<string, number>): void {
    const shown = this.chosenModules();
    this.chips.replaceChildren(
      ...this.modules.map((m) => {
        const chip = h('button', { type: 'button', 'aria-pressed': String(shown.includes(m)), title: `${m}: click for only this, with Ctrl to add or leave out` }, m, h('span', {}, counts[m] === undefined ? '' : counts[m].toLocaleString()));
        chip.style.setProperty('--module', this.colour(m));
        chip.addEventListener('click', (event) => {
          const toggled = shown.includes(m) ? shown.filter((other) => other !== m) : [...shown, m];
          const only = this.view.modules.length === 1 && this.view.modules[0] === m ? [] : [m];
          this.go({ ...this.view, show: 'events', modules: event.ctrlKey || event.metaKey ? toggled : only });
        });
        return chip;
      }),
    );
  }

  private colour(module: string): string {
    const index = Math.max(0, this.modules.indexOf(module));
    return `hsl(${(186 + index * 137.5) % 360} 62% 46%)`;
  }

  private failed(error: unknown): void {
    if (error instanceof ApiError && error.status === 401) {
      this.login.showModal();
    } else if (error instanceof ApiError && error.parameter === 'filter') {
      this.bar.fail(error.message, error.column);
    } else {
      this.list.say(error instanceof Error ? error.message : String(error));
    }
  }

  private key(event: KeyboardEvent): void {
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement || event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) {
      return;
    }
    const actions: Record<string, () => void> = {
      '/': () => this.bar.input.focus(),
      j: () => this.list.move(1),
      ArrowDown: () => this.list.move(1),
      k: () => this.list.move(-1),
      ArrowUp: () => this.list.move(-1),
      Enter: () => this.list.openSelected(),
      Escape: () => this.detail.hide(),
      l: () => this.toggleLive(),
      r: () => void this.load(),
      t: () => this.theme(),
      '1': () => this.look('events'),
      '2': () => this.look('http'),
      '3': () => this.look('connections'),
      '4': () => this.look('statements'),
      '?': () => this.help.showModal(),
    };
    const isButton = event.target instanceof HTMLButtonElement && event.key === 'Enter';
    if (actions[event.key] && !isButton) {
      event.preventDefault();
      actions[event.key]!();
    }
  }

  private theme(): void {
    const now = document.documentElement.dataset.theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
    document.documentElement.dataset.theme = now === 'dark' ? 'light' : 'dark';
    localStorage.setItem('ecapture.theme', document.documentElement.dataset.theme);
  }

  private helpDialog(): HTMLDialogElement {
    const keys: [string, string][] = [['1 2 3 4', 'events, HTTP, connections, SQL by kind'], ['/', 'filter'], ['j k ↓ ↑', 'next, previous event'], ['Enter', 'open it'], ['Esc', 'close it'], ['l', 'follow live'], ['r', 'load again'], ['t', 'dark or light'], ['?', 'this']];
    const dialog = h(
      'dialog',
      { 'aria-label': 'Help' },
      h('h2', {}, 'Keys'),
      h('dl', {}, ...keys.flatMap(([key, what]) => [h('dt', {}, h('kbd', {}, key)), h('dd', {}, what)])),
      h('p', {}, 'Drag over the timeline to zoom; Back undoes it. A red line is a loss: records that were not kept, red the time that they are missing from. Grey is time whose events retention has dropped.'),
      h('p', {}, 'Filters: process == "curl" and port == 443, sql ~ "drop table", command =~ "^sudo ". The address of this page holds what you look at: share it.'),
      h('form', { method: 'dialog' }, h('button', {}, 'Close')),
    );
    return dialog;
  }

  private loginDialog(): HTMLDialogElement {
    const input = h('input', { type: 'password', 'aria-label': 'Token', autocomplete: 'off' });
    return h(
      'dialog',
      { 'aria-label': 'Token' },
      h('h2', {}, 'Token'),
      h('p', {}, 'This service answers to who has a token: `ecapture token create` makes one. It stays in this tab.'),
      h(
        'form',
        {
          method: 'dialog',
          submit: () => {
            token.set(input.value.trim());
            input.value = '';
            void this.open();
          },
        },
        input,
        h('button', {}, 'Use'),
      ),
    );
  }
}

new App().start(document.getElementById('app')!);
