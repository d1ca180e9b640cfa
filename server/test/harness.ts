/**
 * The real program for tests: `bun server/src/main.ts serve …` as a child on a free port, with a data directory, a
 * keyring and a configuration of its own, that is gone when the test is over. What it writes is kept, so that a test
 * can search it for words that must not be there.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { AskDryRun, AskEvent, AskReply, AskRequest, NoteView, VaultInfo } from '@cairn/contract'

export const repository = resolve(import.meta.dirname, '../..')
export const exampleVault = join(repository, 'examples/vault')

export interface ServerOptions {
  /** Folders to serve in this run; without them the example vault is registered, as at a first start. */
  readonly vaults?: readonly string[]
  /** Any free one when absent. */
  readonly port?: number
  /** The value of `CAIRN_UPSTREAMS`. */
  readonly upstreams?: readonly unknown[]
  /** More settings, by variable. */
  readonly env?: Readonly<Record<string, string>>
  /** The certificate that it speaks TLS with, which requests then trust. */
  readonly ca?: string
  /** Files in its working directory, by name, such as a `.env`. */
  readonly files?: Readonly<Record<string, string>>
}

export interface RunningServer extends AsyncDisposable {
  readonly url: string
  readonly pid: number
  readonly ownerKey: string
  /** The one-time link that the start printed. */
  readonly signInUrl: string
  readonly dataDirectory: string
  /** Variables with which a command of the command line talks to this server. */
  readonly env: Readonly<Record<string, string>>
  stdout(): string
  stderr(): string
  /** As the owner, unless `init` has another key. */
  call(path: string, init?: RequestInit): Promise<Response>
  post(path: string, body: unknown, init?: RequestInit): Promise<Response>
  ask(request: AskRequest): Promise<AskReply>
  askStream(request: AskRequest): Promise<AskEvent[]>
  dryRun(request: AskRequest): Promise<AskDryRun>
  readNote(vault: string, note: string): Promise<NoteView>
  vaults(): Promise<VaultInfo[]>
  /** Resolves when every vault is ready; throws when one failed or none became ready in time. */
  indexed(): Promise<void>
  /** Sends SIGTERM and gives the exit code. */
  stop(): Promise<number | null>
}

const startMs = 60_000
const indexMs = 60_000
const stopMs = 10_000
const givenOwnerKey = 'ck_test_owner_0123456789abcdef0123456789'

/** Resolves when the server is up and every vault is indexed. */
export async function startServer(options: ServerOptions = {}): Promise<RunningServer> {
  const home = await mkdtemp(join(tmpdir(), 'cairn-test-'))
  for (const [name, content] of Object.entries(options.files ?? {})) await writeFile(join(home, name), content)
  const data = options.env?.['CAIRN_DATA'] ?? join(home, 'data')
  const env = {
    ...inherited(),
    HOME: home,
    NO_COLOR: '1',
    BUN_CONFIG_MAX_HTTP_REQUESTS: '16384',
    CAIRN_DATA: data,
    CAIRN_KEYRING: join(home, 'keyring.json'),
    CAIRN_OWNER_KEY: givenOwnerKey,
    CAIRN_DISCOVER_LOCAL: 'false',
    ...(options.upstreams ? { CAIRN_UPSTREAMS: JSON.stringify(options.upstreams) } : {}),
    ...options.env,
  }
  const vaults = (options.vaults ?? []).flatMap((path) => ['--vault', path])
  const program = [
    '--no-env-file',
    join(repository, 'server/src/main.ts'),
    '--cwd',
    home,
    'serve',
    '--port',
    String(options.port ?? 0),
  ]
  const child = spawn(process.execPath, [...program, ...vaults], { cwd: home, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const output = watch(child)
  try {
    const address = await waitForAddress(child, data, output)
    const server = createClient({ child, output, data, home, env, ca: options.ca, ...address })
    await server.indexed()
    return server
  } catch (thrown) {
    child.kill('SIGKILL')
    await rm(home, { recursive: true, force: true })
    throw thrown
  }
}

/** Neither the caller's settings nor a proxy. */
function inherited(): Record<string, string> {
  const foreign = /^(?:CAIRN_.*|(?:https?|all|no)_proxy)$/i
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined || foreign.test(name) ? [] : [[name, value]],
    ),
  )
}

interface Output {
  out: string
  err: string
  exited: Promise<number | null>
}

const children = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

function watch(child: ChildProcess): Output {
  children.add(child)
  const output: Output = { out: '', err: '', exited: new Promise((done) => child.once('exit', done)) }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output.out += text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (output.err += text))
  child.once('exit', () => children.delete(child))
  return output
}

interface Address {
  url: string
  pid: number
  /** What the local command line uses. */
  credential: string
}

async function waitForAddress(child: ChildProcess, data: string, output: Output): Promise<Address> {
  const lastMs = performance.now() + startMs
  while (performance.now() < lastMs) {
    if (child.exitCode !== null) break
    const text = await readFile(join(data, 'server.json'), 'utf8').catch(() => '')
    if (text !== '' && output.out.includes('#sign-in=')) {
      const { address, pid, credential } = JSON.parse(text) as { address: string; pid: number; credential: string }
      return { url: address, pid, credential }
    }
    await pause(20)
  }
  throw new Error(`the server did not start:\n${output.out}${output.err}`)
}

interface Parts extends Address {
  child: ChildProcess
  output: Output
  data: string
  home: string
  env: Record<string, string>
  ca: string | undefined
}

function createClient({ child, output, data, home, env, ca, url, pid, credential }: Parts): RunningServer {
  const ownerKey = env['CAIRN_OWNER_KEY'] || credential
  const call = (path: string, init: RequestInit = {}) =>
    fetch(`${url}${path}`, {
      redirect: 'manual',
      ...(ca === undefined ? {} : { tls: { ca } }),
      ...init,
      headers: { authorization: `Bearer ${ownerKey}`, ...(init.headers as Record<string, string>) },
    }).catch((thrown: unknown) => {
      const hasEnded = child.exitCode !== null || child.signalCode !== null
      if (!hasEnded) throw thrown
      const how = child.signalCode ?? String(child.exitCode)
      throw new Error(`the server has ended (${how}):\n${output.err.slice(-4_000)}`, { cause: thrown })
    })
  const post = (path: string, body: unknown, init: RequestInit = {}) =>
    call(path, {
      method: 'POST',
      body: JSON.stringify(body),
      ...init,
      headers: { 'content-type': 'application/json', ...(init.headers as Record<string, string>) },
    })
  async function json<T>(response: Promise<Response>): Promise<T> {
    const got = await response
    if (!got.ok) throw new Error(`${got.url} answered ${got.status}: ${await got.text()}`)
    return (await got.json()) as T
  }
  async function stop(): Promise<number | null> {
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), stopMs)
    const code = child.exitCode ?? (await output.exited)
    clearTimeout(timer)
    return code
  }
  const vaults = async () => (await json<{ vaults: VaultInfo[] }>(call('/api/vaults'))).vaults
  return {
    url,
    pid,
    ownerKey,
    env,
    dataDirectory: data,
    signInUrl: /http\S+#sign-in=\S+/.exec(output.out)?.[0] ?? '',
    stdout: () => output.out,
    stderr: () => output.err,
    call,
    post,
    vaults,
    stop,
    ask: (request) => json(post('/v1/ask', request)),
    dryRun: (request) => json(post('/v1/ask', { ...request, dryRun: true })),
    askStream: async (request) => parseEvents(await (await post('/v1/ask', { ...request, stream: true })).text()),
    readNote: (vault, note) =>
      json(call(`/api/vaults/${vault}/notes/${note.split('/').map(encodeURIComponent).join('/')}`)),
    async indexed() {
      const lastMs = performance.now() + indexMs
      for (;;) {
        const states = (await vaults()).map(({ index }) => index.state)
        if (states.includes('failed')) throw new Error(`a vault cannot be indexed:\n${output.err}`)
        if (states.every((state) => state === 'ready')) return
        if (performance.now() > lastMs) throw new Error(`not indexed after ${indexMs} ms: ${states.join(', ')}`)
        await pause(50)
      }
    },
    async [Symbol.asyncDispose]() {
      await stop()
      await rm(home, { recursive: true, force: true })
    },
  }
}

/** The events of a whole event stream; comments are left out. */
export function parseEvents(text: string): AskEvent[] {
  return text.split('\n\n').flatMap((frame) => {
    const lines = frame.split('\n')
    const event = lines.find((line) => line.startsWith('event: '))?.slice(7)
    const data = lines.flatMap((line) => (line.startsWith('data: ') ? [line.slice(6)] : [])).join('\n')
    return event === undefined ? [] : [{ event, data: JSON.parse(data) } as AskEvent]
  })
}

/** What a stream told, in the shape of the reply that is not streamed. */
export function gather(events: readonly AskEvent[]): Partial<AskReply> & { error?: { code: string } } {
  const told: Partial<AskReply> & Pick<AskReply, 'answer' | 'citations'> & { error?: { code: string } } = {
    answer: '',
    citations: [],
  }
  const related: AskReply['citations'] = []
  for (const { event, data } of events) {
    if (event === 'token') told.answer += data.text
    else if (event === 'citation') told.citations.push(data)
    else if (event === 'related') related.push(data)
    else if (event === 'receipt') told.receipt = data
    else if (event === 'error') told.error = data.error
    else if (data.outcome !== 'error')
      Object.assign(told, { outcome: data.outcome, confidence: data.confidence ?? null })
  }
  return told.outcome === 'not-found' ? { ...told, related } : told
}

export function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms))
}

/** Waits for something to become true; throws with its description. */
export async function until(what: string, condition: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> {
  const end = performance.now() + ms
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within ${ms} ms: ${what}`)
    await pause(20)
  }
}
