/** What a person reads when the server starts: where it is, how to sign in, what it serves, which model answers. */
import type { App } from '../app.ts'
import type { Output } from '../cli/index.ts'
import { systemClock } from '../base/index.ts'
import type { Vaults } from '../vaults/index.ts'

export interface BannerOptions {
  app: App
  url: string
  signInUrl: string
  stdout: Output
}

export async function printBanner({ app, url, signInUrl, stdout }: BannerOptions): Promise<void> {
  const { bold, dim, accent } = styles(stdout)
  const vaults = await app.vaults.list()
  const [first] = app.routing.candidates(undefined, 'ask', app.self).deployments
  const model =
    first?.info.builtIn === false
      ? `${first.model} at ${first.provider.id} (${first.egress === 'local' ? 'on this machine' : 'external'})`
      : 'built in: quotes your notes, nothing leaves this machine'
  const rows: [string, string][] = [
    ['Address', url],
    ['Sign in', accent(signInUrl)],
    [
      'Vaults',
      vaults.map(({ name, path }) => `${name} ${dim(path ?? '')}`).join(`\n${' '.repeat(13)}`) ||
        'none yet; add one in the console',
    ],
    ['Model', model],
  ]
  stdout.write(
    `\n  ${bold('Cairn')}\n\n${rows.map(([name, value]) => `  ${dim(name.padEnd(9))}  ${value}\n`).join('')}\n  ${dim('The link works once, for ten minutes. A new one: npx cairn sign-in. Stop with Ctrl+C.')}\n\n`,
  )
}

const everyMs = 1_000

/** Follows indexing in the terminal until all vaults are ready; returns what ends it. */
export function printIndexProgress(vaults: Vaults, stdout: Output): () => void {
  const { dim } = styles(stdout)
  const told = new Map<string, string>()
  let lastMs = 0
  const report = async () => {
    for (const { id, name, notes, passages, index } of await vaults.list()) {
      const line =
        index.state === 'ready'
          ? `${name}: ${notes} notes, ${passages} passages ready${index.problemCount > 0 ? `, ${index.problemCount} files not read (npx cairn vault list)` : ''}`
          : index.state === 'failed'
            ? `${name}: cannot be indexed (${index.problems[0]?.reason ?? 'unknown'})`
            : `${name}: ${index.done} of ${index.total} notes${index.secondsLeft === null ? '' : `, ${index.secondsLeft} s left`}`
      const isNews =
        told.get(id) !== index.state || (index.state === 'indexing' && systemClock.monotonic() - lastMs > everyMs)
      if (!isNews || (index.state === 'indexing' && index.total === 0)) continue
      lastMs = systemClock.monotonic()
      told.set(id, index.state)
      stdout.write(`  ${dim(line)}\n`)
    }
  }
  const stop = vaults.subscribe(() => void report())
  void report()
  return stop
}

function styles(stdout: Output) {
  const wrap = (code: string) => (text: string) => (stdout.isTTY === true ? `\u001b[${code}m${text}\u001b[0m` : text)
  return { bold: wrap('1'), dim: wrap('2'), accent: wrap('36') }
}
