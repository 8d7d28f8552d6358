import type { EventItem } from './api';
import { h } from './dom';
import { end, hexDump, mainField, panes, printable } from './format';

export interface DetailActions {
  /** Looks at what else happened: a filter and minutes around the event. */
  around(filter: string, time: string, minutes: number): void;
  download(event: EventItem, keys: boolean, reason: string, done: (text: string) => void): void;
  close(): void;
}

/** An id of zeros is none. */
export const hasConnection = (e: EventItem) => e.connection !== undefined && !/^0+$/.test(e.connection);

// What stands in the panes of an exchange.
const isSaid = /^(request|response)_(headers|body)$/;

const quoted = (text: string) => `"${text.replace(/[\\"]/g, '\\$&')}"`;

/** One event: what it says, as text and as bytes, and what happened around it. */
export class Detail {
  readonly element = h('aside', { class: 'detail', 'aria-label': 'Event', hidden: true });

  constructor(private readonly actions: DetailActions) {}

  show(e: EventItem): void {
    const sides = panes(e);
    const said = h('pre', { class: 'payload', tabindex: '0' });
    const size = h('span');
    const tabs: HTMLButtonElement[] = [];
    let chosen = sides[0];
    const view = (hex: boolean) => {
      if (!chosen) return;
      tabs.forEach((tab) => tab.setAttribute('aria-selected', String(tab.textContent === (hex ? 'Hex' : chosen!.name))));
      said.textContent = hex ? hexDump(chosen.bytes) : chosen.text;
      size.textContent = `${chosen.bytes.length.toLocaleString()} bytes${e.truncation ? ` of ${e.truncation.length.toLocaleString()}: cut` : ''}`;
    };
    for (const pane of sides) {
      tabs.push(h('button', { type: 'button', role: 'tab', click: () => ((chosen = pane), view(false)) }, pane.name));
    }
    tabs.push(h('button', { type: 'button', role: 'tab', click: () => view(true) }, 'Hex'));
    const field = mainField[e.type];
    view(field !== undefined && e.data?.[`${field}_encoding`] === 'base64');

    this.element.replaceChildren(
      h('header', {}, h('h2', {}, `${e.module}: ${e.type.replaceAll('_', ' ')}`), h('button', { type: 'button', class: 'close', title: 'Close (Esc)', 'aria-label': 'Close', click: () => this.actions.close() }, '×')),
      this.around(e),
      ...(sides.length > 0 ? [h('div', { class: 'tabs', role: 'tablist' }, ...tabs, size), said] : []),
      this.facts(e, field),
    );
    this.element.hidden = false;
  }

  hide(): void {
    this.element.hidden = true;
  }

  private around(e: EventItem): HTMLElement {
    const host = `host == ${quoted(e.host)}`;
    const reason = h('input', { class: 'reason', 'aria-label': 'Reason', placeholder: 'reason, goes on record', maxlength: 200 });
    const answer = h('span', { class: 'answer', role: 'status' });
    const button = (label: string, title: string, click: () => void) => h('button', { type: 'button', title, click }, label);
    const look = (label: string, title: string, filter: string, minutes: number) => button(label, title, () => this.actions.around(filter, e.time, minutes));
    const download = (keys: boolean) => {
      answer.textContent = 'building…';
      this.actions.download(e, keys, reason.value.trim(), (text) => (answer.textContent = text));
    };
    const isSession = e.flow !== undefined || hasConnection(e);
    const terminal = typeof e.data?.terminal === 'string' ? e.data.terminal : '';
    return h(
      'div',
      { class: 'actions' },
      e.process ? look(`this process`, `what pid ${e.process.pid} did around then`, `${host} and pid == ${e.process.pid}`, 5) : null,
      e.process && e.process.uid !== 4294967295 ? look(`user ${e.process.uid}`, 'what this user did around then', `${host} and uid == ${e.process.uid}`, 5) : null,
      terminal ? look(terminal, 'what was typed on this terminal around then', `${host} and terminal == ${quoted(terminal)}`, 60) : null,
      hasConnection(e) ? look('this connection', 'everything of this connection', `${host} and connection == ${e.connection}`, 60) : null,
      e.flow ? look('both ends', 'the same addresses and ports, on every host', `flow == ${e.flow.id}`, 60) : null,
      look('this host', 'what happened on this host around then', host, 1),
      isSession ? reason : null,
      isSession ? button('pcapng with secrets', 'the session, for Wireshark to decrypt', () => download(true)) : null,
      isSession ? button('pcapng to share', 'the session without its secrets', () => download(false)) : null,
      answer,
    );
  }

  private facts(e: EventItem, field: string | undefined): HTMLElement {
    const rows: [string, string][] = [
      ['time', `${e.time}`],
      ['host', e.host],
      ...(e.process ? ([['process', `${e.process.name} (pid ${e.process.pid}, uid ${e.process.uid === 4294967295 ? 'unknown' : e.process.uid})`]] as [string, string][]) : []),
      ...(e.flow ? ([['local', end(e.flow.local_address, e.flow.local_port)], ['remote', end(e.flow.remote_address, e.flow.remote_port)]] as [string, string][]) : []),
      ...(e.connection ? ([['connection', e.connection]] as [string, string][]) : []),
      ...(e.result ? ([['exit status', `${e.result.exit_status} at ${e.result.time}`]] as [string, string][]) : []),
    ];
    for (const [name, value] of Object.entries(e.data ?? {})) {
      if (name !== field && !isSaid.test(name) && !name.endsWith('_encoding') && value !== '' && value !== null) {
        rows.push([name.replaceAll('_', ' '), typeof value === 'object' ? JSON.stringify(value, null, 1) : String(value)]);
      }
    }
    rows.push(['id', e.id]);
    return h('dl', {}, ...rows.flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, printable(value))]));
  }
}
