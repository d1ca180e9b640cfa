/** A real HTTP server on loopback that speaks the contract’s shapes, and a way to run a command against it. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AskEvent, AskReply, IndexState, KeyInfo, VaultInfo } from '@cairn/contract'
import { runCli } from '../run.ts'
import type { CliInput, CliServices, Store } from '../types.ts'

export const readyState: IndexState = {
  state: 'ready',
  done: 3,
  total: 3,
  notesPerSecond: 0,
  secondsLeft: null,
  problemCount: 0,
  problems: [],
  version: 1,
}

export const handbook: VaultInfo = {
  id: 'vlt_1',
  name: 'handbook',
  source: 'folder',
  path: '/notes/handbook',
  notes: 3,
  passages: 12,
  index: readyState,
}

const citation = {
  vault: 'vlt_1',
  note: 'team/hours.md',
  version: 'a1',
  n: 1,
  heading: 'Core time',
  start: 10,
  end: 52,
  quote: 'Everybody can be reached from 10:00 to 15:00.',
}

export const reply: AskReply = {
  outcome: 'answered',
  answer: 'Core time is from 10:00 to 15:00. [1]',
  confidence: 0.9,
  citations: [citation],
  receipt: {
    requestId: 'req_1',
    model: 'extractive',
    provider: 'built-in',
    egress: 'none',
    attempts: [{ provider: 'built-in', model: 'extractive', outcome: 'ok', ms: 4 }],
    cache: { status: 'miss', tier: null },
    sources: [{ vault: 'vlt_1', note: 'team/hours.md', version: 'a1' }],
    label: 'internal.x',
    tokens: { input: 120, output: 9 },
    costUsd: 0,
    savedUsd: 0,
    overheadMs: 2,
    auditSeq: 1,
  },
}

export const notFound: AskReply = {
  ...reply,
  outcome: 'not-found',
  answer: 'Not found in your notes.',
  citations: [],
  related: [citation],
}

export const key: KeyInfo = {
  id: 'key_1',
  name: 'laptop',
  prefix: 'cairn_ab',
  createdAt: 1_767_225_600_000,
  expiresAt: null,
  lastUsedAt: null,
  revokedAt: null,
  bound: null,
  parent: null,
  device: null,
}

export function* eventsOf(answer: AskReply): Generator<AskEvent> {
  for (const text of answer.answer.split(/(?<=\s)/)) yield { event: 'token', data: { text } }
  for (const data of answer.citations) yield { event: 'citation', data }
  for (const data of answer.related ?? []) yield { event: 'related', data }
  yield { event: 'receipt', data: answer.receipt }
  yield { event: 'done', data: { outcome: answer.outcome } }
}

interface Request {
  readonly method: string
  readonly path: string
  readonly authorization: string
  readonly body: unknown
}

type Handler = (request: Request) => {
  status?: number
  json?: unknown
  events?: Iterable<AskEvent | { event: string; data: unknown }>
}

export interface TinyServer extends AsyncDisposable {
  readonly address: string
  readonly requests: readonly Request[]
}

export async function startTinyServer(routes: Record<string, Handler>): Promise<TinyServer> {
  const requests: Request[] = []
  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    let text = ''
    for await (const chunk of incoming) text += String(chunk)
    const request: Request = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      authorization: incoming.headers.authorization ?? '',
      body: text === '' ? undefined : JSON.parse(text),
    }
    if (request.path !== '/healthz') requests.push(request)
    const name = `${request.method} ${request.path}`
    // A route without a query takes any.
    const { status = 200, json, events } = (routes[name] ?? routes[name.replace(/\?.*$/, '')] ?? missing)(request)
    outgoing.writeHead(status, { 'content-type': events === undefined ? 'application/json' : 'text/event-stream' })
    for (const { event, data } of events ?? []) outgoing.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
    outgoing.end(json === undefined ? undefined : JSON.stringify(json))
  }
  const server = createServer((incoming, outgoing) => void handle(incoming, outgoing))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const stop = () => new Promise<void>((resolve) => void (server.closeAllConnections(), server.close(() => resolve())))
  return { address: `http://127.0.0.1:${port}`, requests, [Symbol.asyncDispose]: stop }
}

function missing({ path }: Request): ReturnType<Handler> {
  return {
    status: path === '/healthz' ? 200 : 404,
    json: problem('request.not-found', 404, `No such address: ${path}`),
  }
}

export function problem(code: string, status: number, detail: string): object {
  return { type: 'about:blank', title: code, status, detail, code, param: null, requestId: 'req_1' }
}

interface RunOptions {
  readonly server?: TinyServer
  readonly env?: CliInput['env']
  readonly services?: Partial<CliServices>
  /** Columns of the terminal; none when the output goes to a file. */
  readonly columns?: number
  readonly fetch?: CliInput['fetch']
}

/** Runs a command as `main.ts` would, with a data directory of its own. */
export async function run(
  argv: readonly string[],
  { server, env = {}, services, columns, fetch: given }: RunOptions = {},
) {
  const root = await mkdtemp(join(tmpdir(), 'cairn-cli-'))
  const data = join(root, 'data')
  if (server !== undefined) {
    await writeFile(
      join(root, 'server.json'),
      JSON.stringify({ address: server.address, pid: 1, credential: 'local-owner' }),
    )
  }
  let out = ''
  let err = ''
  const terminal = columns === undefined ? {} : { isTTY: true, columns }
  const exitCode = await runCli({
    argv,
    env: { CAIRN_DATA: server === undefined ? data : root, XDG_CONFIG_HOME: root, ...env },
    cwd: root,
    root,
    version: '0.1.0',
    runtime: { bun: '1.4.5', expectedBun: '1.4.5' },
    stdout: { write: (text) => void (out += text), ...terminal },
    stderr: { write: (text) => void (err += text), ...terminal },
    signal: AbortSignal.timeout(10_000),
    clock: { now: () => 1_780_000_000_000, monotonic: () => 0 },
    fetch: given ?? ((url, init) => fetch(url, { ...init, proxy: false })),
    services: {
      runServer: () => Promise.reject(new Error('not in this test')),
      openLocal: () => Promise.reject(new Error('the store is locked by another process')),
      findModelServers: () => Promise.resolve([]),
      ...services,
    },
  })
  return { exitCode, out, err, root }
}

/** A store of one vault in memory, standing for the data directory. */
export function createLocalStore(vaults: VaultInfo[] = [handbook]): Store & { readonly closed: () => number } {
  let closed = 0
  return {
    listVaults: () => Promise.resolve(vaults),
    addVault: ({ path, name }) => Promise.resolve({ ...handbook, id: 'vlt_2', path, name: name ?? 'added' }),
    removeVault: () => Promise.resolve(),
    search: () =>
      Promise.resolve({
        results: [
          {
            vault: 'vlt_1',
            note: 'team/hours.md',
            heading: 'Core time',
            score: 0.87,
            start: 1,
            end: 2,
            snippet: 'The core time of everybody.',
          },
        ],
      }),
    index: (_, { report }) => {
      report({ ...handbook, index: { ...readyState, state: 'indexing', done: 1, notesPerSecond: 100, secondsLeft: 2 } })
      return Promise.resolve(handbook)
    },
    close: () => Promise.resolve(void (closed += 1)),
    closed: () => closed,
  }
}
