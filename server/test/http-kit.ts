/**
 * The edge on a real socket with small deterministic parts behind it: one owner, one guest who may do nothing, a vault
 * `field-notes` with two notes, and a pipeline that answers from the request.
 */
import type { AskEvent, AskReply, AskRequest, IndexState, NoteView, Receipt, VaultInfo } from '@cairn/contract'
import { connect } from 'node:net'
import { CairnError, createLogger, fail, systemClock, type Principal } from '../src/base/index.ts'
import type { InvalidationReceipt, InvalidationRequest } from '../src/cache/index.ts'
import { sampleStats } from '../src/cache/testing/sample-stats.ts'
import { createHttpServer, type HttpDependencies, type HttpServer } from '../src/http/index.ts'
import { createMetering, createModels, echo } from './kit/http-models.ts'
import { noOutlet } from './kit/no-outlet.ts'

export const ownerKey = 'ck_owner_0123456789abcdef'
export const guestKey = 'ck_guest_0123456789abcdef'
export const signInToken = 'one-time-token-0123456789'
export const sessionValue = 'session-0123456789'

export interface Rig {
  readonly server: HttpServer
  readonly port: number
  readonly url: string
  readonly logLines: string[]
  readonly audited: { type: string; actor: string; outcome: string; fields?: unknown }[]
  /** Tells the subscribers of the vaults. */
  readonly change: (state: Partial<IndexState>) => void
  readonly subscribers: () => number
  /** Paths that were asked of the vaults. */
  readonly pathsRead: readonly string[]
  readonly call: (path: string, init?: RequestInit) => Promise<Response>
  readonly post: (path: string, body: unknown, init?: RequestInit) => Promise<Response>
}

const owner: Principal = { id: 'owner', name: 'Owner', kind: 'owner', via: 'key', credentialId: 'key_1' }
const guest: Principal = { ...owner, id: 'guest', name: 'Guest' }

export const readyState: IndexState = {
  state: 'ready',
  done: 2,
  total: 2,
  notesPerSecond: 0,
  secondsLeft: null,
  problemCount: 1,
  problems: [{ path: 'broken.md', reason: 'not UTF-8' }],
  version: 1,
}

export const receipt: Receipt = {
  requestId: 'req_1',
  model: 'extractive',
  provider: 'cairn',
  egress: 'none',
  attempts: [],
  cache: { status: 'miss', tier: null },
  sources: [],
  label: 'internal.sig',
  tokens: { input: 0, output: 0 },
  costUsd: 0,
  savedUsd: 0,
  overheadMs: 1,
  auditSeq: 1,
}

export const answer: AskReply = { outcome: 'answered', answer: 'Four knots.', confidence: 0.9, citations: [], receipt }

export interface RigChange {
  readonly deps?: Partial<Omit<HttpDependencies, 'pipeline' | 'settings'>>
  readonly pipeline?: Partial<HttpDependencies['pipeline']>
  readonly settings?: Partial<HttpDependencies['settings']>
}

export function startRig(change: RigChange = {}): Rig {
  const logLines: string[] = []
  const audited: Rig['audited'] = []
  const vaults = createVaults()
  const deps: HttpDependencies = {
    access: createAccess(),
    ...createModels(),
    metering: createMetering(),
    audit: {
      aboutCall: () => ({ add: () => undefined, end: () => undefined }),
      reportSeen: async () => ({ verdict: 'fits', seen: 0, size: 0 }),
      checkpoint: () => null,
      alarms: () => [],
      witnesses: () => [],
      holds: {} as HttpDependencies['audit']['holds'],
      retention: {} as HttpDependencies['audit']['retention'],
      levels: {} as HttpDependencies['audit']['levels'],
      ruleFor: () => ({ level: 'metadata' }),
      health: () => ({ state: 'ok', since: null, message: null, waiting: 0, lost: 0, size: 0 }),
      async record(entry) {
        audited.push(entry)
        return audited.length
      },
    },
    // What the tests of this kit never reach; a real one stands behind the tests of the audit log.
    auditReader: {} as HttpDependencies['auditReader'],
    auditOutlet: noOutlet,
    auditReports: { make: () => fail('storage.failed', { message: 'This server has no audit log.' }) },
    auditSinks: { list: async () => [], receipts: async () => null },
    auditWitnesses: { list: async () => [], loads: () => [] },
    vaults: vaults.vaults,
    pipeline: {
      ask: async (_call, request) => answerAsk(request),
      search: async (_call, { query }) => ({
        results: [
          {
            vault: 'field-notes',
            note: 'Tides.md',
            heading: '',
            score: 1,
            start: 0,
            end: 3,
            snippet: query.slice(0, 3),
          },
        ],
      }),
      chat: async (_call, { body }) => ({
        status: 200,
        headers: {
          'content-type': 'application/json',
          'set-cookie': 'upstream=1',
          'x-cairn-model': 'echo',
          server: 'nginx',
          'access-control-allow-origin': '*',
        },
        body,
      }),
      embeddings: async (_call, { body }) => ({ status: 200, headers: { 'content-type': 'application/json' }, body }),
      responses: echo,
      messages: echo,
      ...change.pipeline,
    },
    cache: recordInvalidations([]),
    clock: systemClock,
    logger: createLogger({ level: 'debug', format: 'json', clock: systemClock, write: (line) => logLines.push(line) }),
    settings: { host: '127.0.0.1', port: 0, maxBodyBytes: 1_048_576, bodyTimeoutMs: 400, ...change.settings },
    server: { version: '0.1.0', deploymentId: 'dep_1' },
    consoleDirectory: null,
    health: () => 'ok',
    ...change.deps,
  }
  const server = createHttpServer(deps)
  const { port, url } = server.listen()
  const call: Rig['call'] = (path, init = {}) =>
    fetch(`${url}${path}`, {
      redirect: 'manual',
      ...init,
      headers: { authorization: `Bearer ${ownerKey}`, ...(init.headers as Record<string, string>) },
    })
  const post: Rig['post'] = (path, body, init = {}) =>
    call(path, {
      ...init,
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...(init.headers as Record<string, string>) },
    })
  return {
    server,
    port,
    url,
    logLines,
    audited,
    change: vaults.change,
    subscribers: vaults.subscribers,
    pathsRead: vaults.pathsRead,
    call,
    post,
  }
}

/** A cache that keeps what it is asked to invalidate, and answers with `result`. */
export function recordInvalidations(
  asked: InvalidationRequest[],
  result: InvalidationReceipt = { seq: 42, epoch: 'e1', committed: true, acked: ['node-a'], pending: [] },
): HttpDependencies['cache'] {
  return {
    stats: () => sampleStats(),
    async invalidate(request) {
      asked.push(request)
      return result
    },
  }
}

function createAccess(): HttpDependencies['access'] {
  return {
    // What the tests of this kit never reach; a real one stands behind the tests of identity.
    identity: { signIn: { endSessionUrl: async () => null } } as unknown as HttpDependencies['access']['identity'],
    async authenticate({ key, session }) {
      if (key === ownerKey) return owner
      if (key === guestKey) return guest
      if (session === sessionValue) return { ...owner, via: 'session' }
      return fail(key === null ? 'access.unauthenticated' : 'access.key-unknown')
    },
    policy: {} as HttpDependencies['access']['policy'],
    async confirm() {},
    epoch: () => 1,
    may: ({ id }) => id !== 'guest',
    require({ id }) {
      if (id === 'guest') fail('access.forbidden')
    },
    requireSignedIn({ id }) {
      if (id === 'guest') fail('access.forbidden')
    },
    async requireManage() {},
    linkMaker: ({ id }) => ({ id, isOwner: true }),
    confirmLink: () => fail('access.link-missing'),
    requireJoin() {},
    filter: () => ({ kind: 'all' }),
    seesVault: () => true,
    subjectOf: ({ id }) => ({ principal: `user:${id}` }),
    contextOf: () => ({}),
    async signIn(token) {
      if (token !== signInToken) fail('access.link-invalid')
      return { session: sessionValue, expiresAt: systemClock.now() + 60_000, principal: owner }
    },
    principalOf: () => owner,
    async signOut() {},
    createSignInToken: async () => ({ token: signInToken, expiresAt: 1 }),
    listKeys: async () => [],
    createKey: async (_principal, { name }) => ({
      id: 'key_2',
      name,
      prefix: 'ck_',
      createdAt: 1,
      expiresAt: null,
      lastUsedAt: null,
      revokedAt: null,
      bound: null,
      parent: null,
      device: null,
      key: 'ck_secret',
    }),
    async revokeKey(_principal, id) {
      if (id !== 'key_2') fail('access.key-missing')
    },
  }
}

function createVaults(): {
  vaults: HttpDependencies['vaults']
  change: Rig['change']
  subscribers: () => number
  pathsRead: readonly string[]
} {
  const listeners = new Set<() => void>()
  const pathsRead: string[] = []
  const notes = new Map(
    ['Tides.md', 'Ordner/Größe 潮.md'].map((note): [string, NoteView] => [
      note,
      {
        vault: 'field-notes',
        note,
        version: 'v1',
        title: note,
        text: `text of ${note}`,
        tags: [],
        label: 'internal',
        links: [],
        backlinks: [],
      },
    ]),
  )
  let vault: VaultInfo = {
    id: 'field-notes',
    name: 'Field notes',
    source: 'folder',
    path: '/srv/notes',
    notes: 2,
    passages: 4,
    index: readyState,
  }
  const change = (state: Partial<IndexState>) => {
    vault = { ...vault, index: { ...vault.index, ...state } }
    for (const listener of listeners) listener()
  }
  return {
    change,
    subscribers: () => listeners.size,
    pathsRead,
    vaults: {
      allFacts: async () => [],
      factsOf: async () => new Map(),
      findFolders: async () => new Set(),
      listHeld: async () => [],
      releaseHeld: async () => fail('note.not-held'),
      list: async () => [vault],
      find: (id) => (id === vault.id ? vault : undefined),
      addSynced: async () => fail('vault.sync-in-run'),
      synced: {} as never,
      untilPruned: async () => true,
      add: async ({ path }) => (path === '/missing' ? fail('vault.folder') : vault),
      async remove() {},
      async reindex() {
        change({ state: 'indexing', done: 0 })
        setTimeout(() => change({ state: 'indexing', done: 1 }), 20)
        setTimeout(() => change({ state: 'ready', done: 2 }), 40)
      },
      subscribe(listener) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
      listNotes: async (_id, { after, limit }) => ({
        notes: [...notes.values()].filter(({ note }) => after === null || note > after).slice(0, limit),
        next: null,
      }),
      async readNote(_id, path) {
        pathsRead.push(path)
        return notes.get(path) ?? fail('note.not-found')
      },
      related: async () => ({ results: [] }),
    },
  }
}

async function answerAsk(request: AskRequest): ReturnType<HttpDependencies['pipeline']['ask']> {
  if (request.vault !== undefined && request.vault !== 'field-notes') fail('vault.not-found')
  if (request.question === 'throw') throw new TypeError('internal words: secret-canary')
  if (!request.stream) return { kind: 'reply', reply: answer, headers: { 'x-cairn-model': 'extractive' } }
  async function* events(): AsyncGenerator<AskEvent> {
    yield { event: 'token', data: { text: 'Four\nknots' } }
    if (request.question === 'break') throw new CairnError('upstream.broken-stream', { internal: 'secret-canary' })
    yield { event: 'receipt', data: receipt }
    yield { event: 'done', data: { outcome: 'answered' } }
  }
  return { kind: 'stream', events: events(), headers: { 'x-cairn-model': 'extractive' } }
}

/** Sends bytes as they are and gives what came back until the server closes or `ms` milliseconds went by. */
export function sendRaw(port: number, text: string, ms = 1_000): Promise<string> {
  return new Promise((resolve) => {
    let got = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    const timer = setTimeout(() => socket.destroy(), ms)
    socket.on('data', (data) => {
      got += data.toString()
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(got)
    })
  })
}

/** Reads a body until it holds `text`. */
export async function readUntil(response: Response, text: string): Promise<string> {
  const reader = response.body?.getReader()
  let got = ''
  while (reader && !got.includes(text)) {
    const { done, value } = await reader.read()
    if (done) break
    got += new TextDecoder().decode(value)
  }
  reader?.releaseLock()
  return got
}
