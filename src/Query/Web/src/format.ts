import type { EventItem } from './api';

/** Bytes of a field: text as UTF-8, or what its neighbour says is base64. */
export function bytesOf(data: Record<string, unknown> | undefined, name: string): Uint8Array {
  const value = data?.[name];
  if (typeof value !== 'string') {
    return new Uint8Array();
  }
  return data?.[`${name}_encoding`] === 'base64' ? Uint8Array.from(atob(value), (c) => c.charCodeAt(0)) : new TextEncoder().encode(value);
}

/** Text of a field, what is no text shown as dots. */
export function textOf(data: Record<string, unknown> | undefined, name: string): string {
  return printable(new TextDecoder('utf-8', { fatal: false }).decode(bytesOf(data, name)));
}

/** Control and direction characters cannot move anything on the page. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffd]/g, '·');
}

/** The field that holds what was said, by the type of the event. */
export const mainField: Record<string, string> = {
  tls_data: 'data',
  packet: 'data',
  tls_secret: 'secret',
  shell_command: 'text',
  sql_statement: 'statement',
  web_socket_message: 'data',
};

export function summary(e: EventItem): string {
  const data = e.data ?? {};
  const field = mainField[e.type];
  const main = field ? textOf(data, field) : '';
  switch (e.type) {
    case 'tls_data':
      return `${data.direction === 'sent' ? '→' : '←'} ${main}`;
    case 'packet':
      return `${data.direction === 'sent' ? '→' : '←'} ${String(data.original_length ?? '')} bytes on ${String(data.interface ?? '')}`;
    case 'tls_secret':
      return String(data.label ?? '');
    case 'sql_statement':
      return data.outcome === 'error' ? `${main}  ✗ ${String(data.error_code ?? '')} ${textOf(data, 'error_message')}` : main;
    case 'shell_command':
      return e.result ? `${main}  (exit ${e.result.exit_status})` : main;
    case 'http_exchange':
      return `${textOf(data, 'method') || '?'} ${textOf(data, 'host')}${textOf(data, 'path')} → ${String(data.status || 'no response')}`;
    case 'web_socket_message':
      return `${data.direction === 'sent' ? '→' : '←'} ${String(data.opcode ?? '')} ${main}`;
    case 'loss':
      return `${String(data.records ?? '?')} records lost: ${String(data.where ?? '')}, ${String(data.why ?? '')}`;
    case 'process_exec':
      return (Array.isArray(data.arguments) ? data.arguments.map(String).join(' ') : '') || textOf(data, 'executable');
    default:
      return Object.entries(data)
        .filter(([name, value]) => typeof value !== 'object' && !name.endsWith('_encoding'))
        .map(([name, value]) => `${name} ${printable(String(value))}`)
        .join(', ');
  }
}

export function isTrouble(e: EventItem): boolean {
  return e.type === 'loss' || e.type === 'coverage' || e.data?.outcome === 'error' || Number(e.data?.errors ?? 0) > 0 || Number(e.data?.status ?? 0) >= 500 || (e.result?.exit_status ?? 0) !== 0;
}

export function hexDump(bytes: Uint8Array, limit = 16384): string {
  const lines: string[] = [];
  for (let at = 0; at < Math.min(bytes.length, limit); at += 16) {
    const row = bytes.subarray(at, at + 16);
    const hex = Array.from(row, (b) => b.toString(16).padStart(2, '0'));
    const text = Array.from(row, (b) => (b >= 0x20 && b < 0x7f ? String.fromCharCode(b) : '·')).join('');
    lines.push(`${at.toString(16).padStart(8, '0')}  ${hex.slice(0, 8).join(' ').padEnd(23)}  ${hex.slice(8).join(' ').padEnd(23)}  ${text}`);
  }
  if (bytes.length > limit) {
    lines.push(`… ${(bytes.length - limit).toLocaleString()} more bytes`);
  }
  return lines.join('\n');
}

/** 2026-11-20T06:00:00.123456789Z as 06:00:00.123, with the day where it is another. */
export function clock(time: string, today: string): string {
  const day = time.slice(0, 10);
  const clockPart = time.slice(11, 23);
  return day === today ? clockPart : `${day} ${clockPart}`;
}

export const end = (address: string, port: number) => (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`);

/** A side of what an event says: its bytes, and how they read. */
export interface Pane {
  name: string;
  bytes: Uint8Array;
  text: string;
}

/** What an event says: an exchange has two sides. */
export function panes(e: EventItem): Pane[] {
  if (e.type === 'http_exchange') {
    const line = `${textOf(e.data, 'method')} ${textOf(e.data, 'path')}`;
    return [side('Request', e, 'request', line), side('Response', e, 'response', e.data?.status ? `${String(e.data.status)}` : 'not captured')];
  }
  const field = mainField[e.type];
  const bytes = field ? bytesOf(e.data, field) : new Uint8Array();
  return field && bytes.length > 0 ? [{ name: 'Text', bytes, text: textOf(e.data, field) }] : [];
}

function side(name: string, e: EventItem, which: string, line: string): Pane {
  const headers = e.data?.[`${which}_headers`];
  const lines = (Array.isArray(headers) ? (headers as Record<string, unknown>[]) : []).map((h) => `${textOf(h, 'name')}: ${h.unknown ? '?' : textOf(h, 'value')}`);
  const body = `${which}_body`;
  return { name, bytes: bytesOf(e.data, body), text: [line, ...lines, '', textOf(e.data, body)].join('\n') };
}
