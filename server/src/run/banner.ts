/** What a person reads when the server starts: where it is, how to sign in, what it serves, which model answers. */
import type { VaultInfo } from '@cairn/contract'
import type { App } from '../app.ts'
import type { Output } from '../cli/index.ts'
import { systemClock } from '../base/index.ts'
import { formatSignInUrl } from '../http/index.ts'

export interface BannerContent {
  /** One-time sign-in token. */
  readonly token: string
  readonly vaults: readonly { readonly name: string; readonly path: string | null }[]
  readonly model: string
}

export async function describeBanner(app: App): Promise<BannerContent> {
  const [vaults, { token }] = await Promise.all([app.vaults.list(), app.access.createSignInToken()])
  const [first] = app.routing.candidates(undefined, 'ask', app.self).deployments
  const model =
    first?.info.builtIn === false
      ? `${first.model} at ${first.provider.id} (${first.egress === 'local' ? 'on this machine' : 'external'})`
      : 'built in: quotes your notes, nothing leaves this machine'
  return { token, vaults: vaults.map(({ name, path }) => ({ name, path })), model }
}

export function printBanner(url: string, { token, vaults, model }: BannerContent, stdout: Output): void {
  const { bold, dim, accent } = styles(stdout)
  const rows: [string, string][] = [
    ['Address', url],
    ['Sign in', accent(formatSignInUrl(url, token))],
    [
      'Vaults',
      vaults.map(({ name, path }) => `${name} ${dim(path ?? 'synced by devices')}`).join(`\n${' '.repeat(13)}`) ||
        'none yet; add one in the console',
    ],
    ['Model', model],
  ]
  stdout.write(
    `\n  ${bold('Cairn')}\n\n${rows.map(([name, value]) => `  ${dim(name.padEnd(9))}  ${value}\n`).join('')}\n  ${dim('The link works once, for ten minutes. A new one: npx cairn sign-in. Stop with Ctrl+C.')}\n\n`,
  )
}

/** A small vault is ready before the first of these lines; a large one is no flood of them. */
const everyMs = 4_000

export interface ProgressSource {
  list(): Promise<readonly VaultInfo[]>
  subscribe(listener: () => void): () => void
}

/** Follows indexing in the terminal until all vaults are ready; returns what ends it. */
export function printIndexProgress(vaults: ProgressSource, stdout: Output): () => void {
  const { dim } = styles(stdout)
  const told = new Map<string, string>()
  let lastMs = systemClock.monotonic()
  const report = async () => {
    const isTime = systemClock.monotonic() - lastMs > everyMs
    for (const vault of await vaults.list()) {
      const { id, index } = vault
      const isEnd = index.state === 'ready' || index.state === 'failed'
      if (isEnd ? told.get(id) === index.state : !isTime || index.total === 0) continue
      lastMs = systemClock.monotonic()
      told.set(id, index.state)
      stdout.write(`  ${dim(describe(vault))}\n`)
    }
  }
  const stop = vaults.subscribe(() => void report())
  void report()
  return stop
}

function describe({ name, notes, passages, index }: VaultInfo): string {
  const count = (value: number) => value.toLocaleString('en')
  if (index.state === 'failed') return `${name}: cannot be indexed (${index.problems[0]?.reason ?? 'unknown'})`
  if (index.state !== 'ready') {
    const left = index.secondsLeft === null ? '' : `, ${count(index.secondsLeft)} s left`
    return `${name}: ${count(index.done)} of ${count(index.total)} notes indexed${left}`
  }
  const { problemCount } = index
  const unread =
    problemCount === 0
      ? ''
      : `, ${problemCount === 1 ? 'one file was' : `${count(problemCount)} files were`} not read (the console says why)`
  return `${name}: ready, ${count(notes)} notes in ${count(passages)} passages${unread}`
}

function styles(stdout: Output) {
  const wrap = (code: string) => (text: string) => (stdout.isTTY === true ? `\u001b[${code}m${text}\u001b[0m` : text)
  return { bold: wrap('1'), dim: wrap('2'), accent: wrap('36') }
}
