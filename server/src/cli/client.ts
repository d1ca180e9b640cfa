/** Talks to a running server with the shapes of the contract, and turns its refusals into failures of the command. */
import {
  cacheReceiptSchema,
  cacheStatsSchema,
  epochSchema,
  groupListSchema,
  groupSchema,
  keyCreatedSchema,
  keyListSchema,
  indexStateSchema,
  modelsReplySchema,
  openAiErrorSchema,
  problemSchema,
  searchReplySchema,
  signInLinkSchema,
  userChangedSchema,
  userInvitedSchema,
  userLinkSchema,
  userListSchema,
  userSchema,
  vaultListSchema,
  vaultSchema,
  type CacheReceipt,
  type CacheReport,
  type GroupInfo,
  type GroupMember,
  type UserInfo,
  type UserLink,
  type VaultInfo,
} from '@cairn/contract'
import { z } from 'zod'
import { tryParseJson } from '../base/index.ts'
import { CommandFailure, exitCodes } from './failure.ts'
import { readEvents, type ServerEvent } from './event-stream.ts'
import { harmlessLine } from './terminal/style.ts'
import type { CliInput, Store } from './types.ts'

export interface ServerClient {
  readonly address: string
  readonly store: Store
  createSignInLink(): Promise<z.infer<typeof signInLinkSchema>>
  listKeys(): Promise<z.infer<typeof keyListSchema>>
  createKey(options: { name: string; expiresInDays?: number }): Promise<z.infer<typeof keyCreatedSchema>>
  revokeKey(id: string): Promise<void>
  listUsers(): Promise<z.infer<typeof userListSchema>>
  inviteUser(person: { name: string; email: string }): Promise<z.infer<typeof userInvitedSchema>>
  changeUser(id: string, change: { status: 'active' | 'suspended' }): Promise<z.infer<typeof userChangedSchema>>
  createResetLink(id: string): Promise<UserLink>
  /** As the person at this machine, who is an owner; a key confirms nothing. */
  confirmLink(user: string, link: string): Promise<UserInfo>
  listGroups(): Promise<z.infer<typeof groupListSchema>>
  addGroup(group: { name: string }): Promise<GroupInfo>
  removeGroup(id: string): Promise<Epoch>
  addGroupMember(group: string, member: Pick<GroupMember, 'kind' | 'id'>): Promise<Epoch>
  removeGroupMember(group: string, member: Pick<GroupMember, 'kind' | 'id'>): Promise<Epoch>
  listModels(): Promise<z.infer<typeof modelsReplySchema>>
  cacheStats(): Promise<CacheReport>
  invalidateCache(request: {
    scopes: readonly string[]
    kind: 'hard' | 'soft'
    wait: 'commit' | 'all'
  }): Promise<CacheReceipt>
  get(path: string): Promise<unknown>
  /** The reply with its body still to come. */
  download(path: string): Promise<Response>
  /** The reply as it came, for `--json`. */
  post(path: string, body: unknown): Promise<unknown>
  put(path: string, body: unknown): Promise<unknown>
  stream(path: string, body: unknown): AsyncGenerator<ServerEvent>
  /** True when it says that it is ready. */
  isReady(): Promise<boolean>
}

type Epoch = z.infer<typeof epochSchema>

interface ClientOptions {
  readonly address: string
  readonly credential: string
  readonly input: Pick<CliInput, 'fetch' | 'signal'>
}

interface Call {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly body?: unknown
  readonly accept?: string
  readonly signal?: AbortSignal
}

export function createClient({ address, credential, input }: ClientOptions): ServerClient {
  async function send(
    path: string,
    { method = 'GET', body, accept = 'application/json', signal = input.signal }: Call,
  ): Promise<Response> {
    const headers = {
      authorization: `Bearer ${credential}`,
      accept,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    }
    let response: Response
    try {
      response = await input.fetch(new URL(path, address).href, {
        method,
        headers,
        signal,
        redirect: 'manual',
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
    } catch (cause) {
      if (signal.aborted) throw new CommandFailure(exitCodes.no, 'Stopped.', { cause })
      throw new CommandFailure(exitCodes.unreachable, `The server at ${address} does not answer.`, { cause })
    }
    if (!response.ok) throw await readFailure(response, address)
    return response
  }

  async function read<T>(schema: z.ZodType<T>, path: string, call: Call = {}): Promise<T> {
    const parsed = schema.safeParse(await readJson(await send(path, call)))
    if (parsed.success) return parsed.data
    throw new CommandFailure(
      exitCodes.unreachable,
      `The server at ${address} answered ${path} in a way this version does not know.`,
      {
        hint: 'Is it the same version of Cairn?',
        cause: parsed.error,
      },
    )
  }

  const store = createStore(send, read)

  return {
    address,
    store,
    createSignInLink: () => read(signInLinkSchema, '/auth/links', { method: 'POST' }),
    listKeys: () => read(keyListSchema, '/api/access/keys'),
    createKey: (options) => read(keyCreatedSchema, '/api/access/keys', { method: 'POST', body: options }),
    revokeKey: async (id) => void (await send(`/api/access/keys/${segment(id)}`, { method: 'DELETE' })),
    ...createPeople(read),
    listModels: () => read(modelsReplySchema, '/api/models'),
    cacheStats: () => read(cacheStatsSchema, '/api/cache/stats'),
    invalidateCache: (request) => read(cacheReceiptSchema, '/api/cache/invalidate', { method: 'POST', body: request }),
    download: (path) => send(path, { accept: '*/*' }),
    get: async (path) => readJson(await send(path, {})),
    post: async (path, body) => readJson(await send(path, { method: 'POST', body })),
    put: async (path, body) => readJson(await send(path, { method: 'PUT', body })),
    stream: async function* (path, body) {
      yield* readEvents(await send(path, { method: 'POST', body, accept: 'text/event-stream' }))
    },
    isReady: () =>
      send('/readyz', { signal: AbortSignal.any([input.signal, AbortSignal.timeout(3_000)]) }).then(
        () => true,
        () => false,
      ),
  }
}

type Send = (path: string, call: Call) => Promise<Response>
type Read = <T>(schema: z.ZodType<T>, path: string, call?: Call) => Promise<T>

const segment = encodeURIComponent

type PeopleCalls =
  | 'listUsers'
  | 'inviteUser'
  | 'changeUser'
  | 'createResetLink'
  | 'confirmLink'
  | 'listGroups'
  | 'addGroup'
  | 'removeGroup'
  | 'addGroupMember'
  | 'removeGroupMember'

function createPeople(read: Read): Pick<ServerClient, PeopleCalls> {
  return {
    listUsers: () => read(userListSchema, '/api/access/users'),
    inviteUser: (person) => read(userInvitedSchema, '/api/access/users', { method: 'POST', body: person }),
    changeUser: (id, change) =>
      read(userChangedSchema, `/api/access/users/${segment(id)}`, { method: 'PUT', body: change }),
    createResetLink: (id) => read(userLinkSchema, `/api/access/users/${segment(id)}/link`, { method: 'POST' }),
    confirmLink: (user, link) =>
      read(userSchema, `/api/access/users/${segment(user)}/link/confirm`, { method: 'POST', body: { link } }),
    listGroups: () => read(groupListSchema, '/api/access/groups'),
    addGroup: (group) => read(groupSchema, '/api/access/groups', { method: 'POST', body: group }),
    removeGroup: (id) => read(epochSchema, `/api/access/groups/${segment(id)}`, { method: 'DELETE' }),
    addGroupMember: (group, member) =>
      read(epochSchema, `/api/access/groups/${segment(group)}/members`, { method: 'POST', body: member }),
    removeGroupMember: (group, { kind, id }) =>
      read(epochSchema, `/api/access/groups/${segment(group)}/${kind}s/${segment(id)}`, { method: 'DELETE' }),
  }
}

function createStore(send: Send, read: Read): Store {
  const store: Store = {
    listVaults: async () => (await read(vaultListSchema, '/api/vaults')).vaults,
    addVault: (options) => read(vaultSchema, '/api/vaults', { method: 'POST', body: options }),
    removeVault: async (id) => void (await send(`/api/vaults/${segment(id)}`, { method: 'DELETE' })),
    search: (request) => read(searchReplySchema, '/v1/search', { method: 'POST', body: request }),
    index: async (id, { report, signal }) => {
      const vault = (await store.listVaults()).find((candidate) => candidate.id === id)
      const response = await send(`/api/vaults/${segment(id)}/reindex`, {
        method: 'POST',
        accept: 'text/event-stream',
        signal,
      })
      let last = ''
      for await (const event of readEvents(response)) {
        last = event.event
        reportEvent(event, { vault, report })
      }
      if (last !== 'done')
        throw new CommandFailure(exitCodes.unreachable, 'The server closed the connection before the index was ready.')
      return read(vaultListSchema, '/api/vaults').then(({ vaults }) => findVault(vaults, id))
    },
    close: () => Promise.resolve(),
  }
  return store
}

/** True when something answers `/healthz` at the address, whatever it says. */
export async function answers(address: string, input: Pick<CliInput, 'fetch' | 'signal'>): Promise<boolean> {
  try {
    const signal = AbortSignal.any([input.signal, AbortSignal.timeout(3_000)])
    const response = await input.fetch(new URL('/healthz', address).href, { signal, redirect: 'manual' })
    await response.body?.cancel()
    return true
  } catch {
    return false
  }
}

const errorEventSchema = z.object({ error: z.object({ message: z.string() }) })

function reportEvent(
  event: ServerEvent,
  { vault, report }: { vault: VaultInfo | undefined; report: (vault: VaultInfo) => void },
): void {
  const data = tryParseJson(event.data)
  const failure = event.event === 'error' ? errorEventSchema.safeParse(data) : undefined
  if (failure?.success === true) throw new CommandFailure(exitCodes.no, harmlessLine(failure.data.error.message))
  const state = indexStateSchema.safeParse(data)
  if (state.success && vault !== undefined) report({ ...vault, index: state.data })
}

function findVault(vaults: readonly VaultInfo[], id: string): VaultInfo {
  const vault = vaults.find((candidate) => candidate.id === id)
  if (vault === undefined) throw new CommandFailure(exitCodes.no, `The vault ${id} was removed meanwhile.`)
  return vault
}

// --- Refusals ---------------------------------------------------------------------------------------------------------

async function readFailure(response: Response, address: string): Promise<CommandFailure> {
  const body = tryParseJson(await response.text().catch(() => ''))
  const { code, message } = readError(body)
  const exitCode =
    response.status >= 500
      ? exitCodes.unreachable
      : response.status === 400 || response.status === 422
        ? exitCodes.usage
        : exitCodes.no
  const text = harmlessLine(message ?? `The server at ${address} answered with status ${response.status}.`)
  const hint = hints[code ?? '']
  return new CommandFailure(exitCode, text, { body, ...(hint === undefined ? {} : { hint }) })
}

const hints: Record<string, string> = {
  'access.key-unknown': 'Set CAIRN_KEY to a key that “cairn key create NAME” printed.',
  'access.unauthenticated': 'Set CAIRN_KEY to a key that “cairn key create NAME” printed.',
  'vault.not-found': 'See “cairn vault list”.',
  'access.user-missing': 'See “cairn user list”.',
  'access.group-missing': 'See “cairn group list”.',
  'access.key-missing': 'See “cairn key list”.',
  'index.not-ready': 'Wait for “cairn index” to finish, then try again.',
}

/** Both error shapes of the API: problem details under `/api`, OpenAI’s under `/v1`. */
function readError(body: unknown): { code: string | null; message: string | null } {
  const problem = problemSchema.safeParse(body)
  if (problem.success) return { code: problem.data.code, message: problem.data.detail }
  const error = openAiErrorSchema.safeParse(body)
  return error.success ? error.data.error : { code: null, message: null }
}

async function readJson(response: Response): Promise<unknown> {
  return tryParseJson(await response.text())
}
