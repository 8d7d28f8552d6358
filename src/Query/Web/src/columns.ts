import type { EventItem } from './api';
import { clock, end, printable, summary, textOf } from './format';

/** A column of the list. */
export interface Column {
  title: string;
  /** CSS width; none: what is left. */
  width?: string;
  class?: string;
  text(e: EventItem): string;
}

export type Layout = 'events' | 'http' | 'connections' | 'statements';

export const layouts: [Layout, string][] = [
  ['events', 'Events'],
  ['http', 'HTTP'],
  ['connections', 'Connections'],
  ['statements', 'SQL'],
];

const size = (value: unknown): string => {
  if (typeof value !== 'number') return '';
  return value < 10_000 ? value.toLocaleString() : value < 10_000_000 ? `${Math.round(value / 1000).toLocaleString()} k` : `${Math.round(value / 1e6).toLocaleString()} M`;
};

export const took = (ns: unknown): string => (typeof ns !== 'number' ? '' : ns < 1e6 ? `${Math.round(ns / 1000)} µs` : ns < 1e10 ? `${Math.round(ns / 1e6)} ms` : `${Math.round(ns / 1e9)} s`);

const lasted = (e: EventItem): string => {
  const closed = e.data?.closed;
  return typeof closed === 'string' ? took((Date.parse(closed) - Date.parse(e.time)) * 1e6) : 'open';
};

const process = (e: EventItem): string => (e.process ? `${e.process.name} ${e.process.pid}` : '');
const remote = (e: EventItem): string => (e.flow ? end(e.flow.remote_address, e.flow.remote_port) : '');
const time: Column = { title: 'Time (UTC)', width: '11em', class: 'time', text: (e) => clock(e.time, new Date().toISOString().slice(0, 10)) };
const host: Column = { title: 'Host', width: '9em', text: (e) => e.host };
const who: Column = { title: 'Process', width: '11em', text: process };

const number = (name: string) => (e: EventItem): string => Number(e.data?.[name] ?? 0).toLocaleString();
const total = (e: EventItem): number => Number(e.data?.total_ns ?? 0);
const mean = (e: EventItem): number => total(e) / Math.max(1, Number(e.data?.count ?? 0));

export const columns: Record<Layout, Column[]> = {
  events: [time, { title: 'Module', width: '7.5em', class: 'module-name', text: (e) => e.module }, host, who, { title: 'Remote', width: '13em', text: remote }, { title: 'What', class: 'what', text: summary }],
  http: [
    time,
    host,
    who,
    { title: 'Method', width: '6em', text: (e) => (e.type === 'web_socket_message' ? 'frame' : textOf(e.data, 'method')) },
    { title: 'Status', width: '5em', text: (e) => String(e.data?.status || '') },
    { title: 'Took', width: '6em', text: (e) => took(e.data?.duration_ns) },
    { title: 'Bytes', width: '6em', text: (e) => size(e.data?.response_bytes ?? e.data?.length) },
    { title: 'Request', class: 'what', text: (e) => (e.type === 'web_socket_message' ? summary(e) : textOf(e.data, 'host') + textOf(e.data, 'path')) },
  ],
  connections: [
    { ...time, title: 'Opened (UTC)' },
    host,
    who,
    { title: 'Remote', width: '13em', text: remote },
    { title: 'Lasted', width: '6em', text: lasted },
    { title: 'TLS', width: '8em', text: (e) => String(e.data?.tls ?? '') },
    { title: 'Sent', width: '6em', text: (e) => size(e.data?.sent) },
    { title: 'Received', width: '6em', text: (e) => size(e.data?.received) },
    { title: 'Server name', class: 'what', text: (e) => printable(textOf(e.data, 'sni')) },
  ],
  statements: [
    { title: 'Count', width: '6em', class: 'number', text: number('count') },
    { title: 'Errors', width: '5.5em', class: 'number', text: number('errors') },
    { title: 'Total', width: '6em', class: 'number', text: (e) => took(total(e)) },
    { title: 'Mean', width: '6em', class: 'number', text: (e) => took(mean(e)) },
    { title: 'Longest', width: '6em', class: 'number', text: (e) => took(e.data?.longest_ns) },
    { ...time, title: 'Last seen (UTC)' },
    { title: 'Module', width: '8.5em', class: 'module-name', text: (e) => e.module },
    { title: 'Newest statement', class: 'what', text: (e) => textOf(e.data, 'statement') },
  ],
};
