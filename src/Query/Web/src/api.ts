// The service's API (docs/query.md). Everything it gives may be hostile bytes: it reaches the page as text nodes only.

export interface Flow {
  id: string;
  local_address: string;
  local_port: number;
  remote_address: string;
  remote_port: number;
  protocol: number;
}

export interface EventItem {
  id: string;
  cursor: string;
  time: string;
  module: string;
  type: string;
  host: string;
  process?: { pid: number; tid?: number; uid: number; name: string };
  connection?: string;
  flow?: Flow;
  boot_ns?: string;
  truncation?: { length: number; sha256?: string };
  data?: Record<string, unknown>;
  result?: { exit_status: number; time: string };
}

export interface Page {
  events: EventItem[];
  next: string | null;
}

/** A connection as the service puts it together. */
interface ConnectionItem {
  host: string;
  connection: string | null;
  opened: string | null;
  last: string;
  process?: { pid: number; uid: number; name: string };
  flow?: Flow;
}

/** One as an event, which the list and the detail know. */
function asEvent(c: ConnectionItem): EventItem {
  const { host, connection, opened, last, process, flow, ...data } = c;
  return {
    id: `${host} ${connection ?? `${flow?.id} ${last}`}`,
    cursor: '',
    time: opened ?? last,
    module: 'connection',
    type: 'connection',
    host,
    ...(connection ? { connection } : {}),
    ...(process ? { process } : {}),
    ...(flow ? { flow } : {}),
    data: { ...data, opened, last } as Record<string, unknown>,
  };
}

/** SQL statements that differ in their literals alone, as the service counts them. */
interface StatementGroup {
  fingerprint: string;
  module: string;
  count: number;
  errors: number;
  total_ns: number;
  longest_ns: number;
  last: string;
  statement: string;
}

/** A group as an event, which the list knows: it is as late as its newest statement. */
function groupAsEvent(group: StatementGroup): EventItem {
  const { module, last, ...data } = group;
  return { id: `${module} ${group.fingerprint}`, cursor: '', time: last, module, type: 'statement_group', host: '', data };
}

export interface Histogram {
  from: string;
  to: string;
  width_ms: number;
  modules: Record<string, number[]>;
}

export interface Field {
  name: string;
  type: string;
  description: string;
  example: string;
  payload: boolean;
  operators: string[];
  values: string[];
}

export interface Status {
  version: string;
  store: string;
  modules: { name: string; events: number; last: string | null }[];
}

export class ApiError extends Error {
  constructor(
    readonly status: number,
    detail: string,
    readonly parameter?: string,
    readonly column?: number,
  ) {
    super(detail);
  }
}

const tokenKey = 'ecapture.token';

export const token = {
  get: () => sessionStorage.getItem(tokenKey) ?? '',
  set: (value: string) => (value ? sessionStorage.setItem(tokenKey, value) : sessionStorage.removeItem(tokenKey)),
};

export type Parameters = Record<string, string | string[] | undefined>;

export function query(parameters: Parameters): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of Array.isArray(value) ? value : value === undefined || value === '' ? [] : [value]) {
      search.append(name, one);
    }
  }
  return search.toString();
}

async function send(path: string, parameters: Parameters, signal?: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = token.get() ? { Authorization: `Bearer ${token.get()}` } : {};
  let response: Response;
  try {
    response = await fetch(`/api/v1/${path}?${query(parameters)}`, { headers, signal, credentials: 'omit' });
  } catch (error) {
    if (signal?.aborted) {
      throw error;
    }
    throw new ApiError(0, 'The service does not answer. Is it running?');
  }
  if (!response.ok) {
    const problem = (await response.json().catch(() => ({}))) as { detail?: string; title?: string; parameter?: string; column?: number };
    throw new ApiError(response.status, problem.detail ?? problem.title ?? `The service answered ${response.status}.`, problem.parameter, problem.column);
  }
  return response;
}

async function json<T>(path: string, parameters: Parameters = {}, signal?: AbortSignal): Promise<T> {
  return (await (await send(path, parameters, signal)).json()) as T;
}

export const api = {
  events: (parameters: Parameters, signal?: AbortSignal) => json<Page>('events', parameters, signal),
  async connections(parameters: Parameters, signal?: AbortSignal): Promise<Page> {
    const found = await json<{ connections: ConnectionItem[]; next: string | null }>('connections', parameters, signal);
    return { events: found.connections.map(asEvent), next: found.next };
  },
  async statements(parameters: Parameters, signal?: AbortSignal): Promise<Page> {
    const found = await json<{ groups: StatementGroup[] }>('events', { ...parameters, 'group-by': 'fingerprint' }, signal);
    return { events: found.groups.map(groupAsEvent), next: null };
  },
  histogram: (parameters: Parameters, signal?: AbortSignal) => json<Histogram>('histogram', parameters, signal),
  fields: () => json<{ fields: Field[] }>('fields'),
  status: () => json<Status>('status'),

  /** Saves a pcapng file; says how many sessions it holds. */
  async pcapng(parameters: Parameters): Promise<string> {
    const response = await send('pcapng', parameters);
    const blob = await response.blob();
    const link = document.createElement('a');
    link.href = URL.createObjectURL(blob);
    link.download = 'ecapture.pcapng';
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    const sessions = response.headers.get('ECapture-Sessions') ?? '?';
    const secrets = response.headers.get('ECapture-Secrets') ?? '0';
    return `${sessions} sessions, ${secrets} TLS secrets, ${blob.size.toLocaleString()} bytes`;
  },
};
