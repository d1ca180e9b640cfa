/** `cairn index`: indexes vaults again, with a live line for each. */
import type { VaultInfo } from '@cairn/contract'
import { requireVault } from '../choose-vault.ts'
import { exitCodes } from '../failure.ts'
import { jsonFlag } from '../parse.ts'
import { createProgress, formatDuration } from '../terminal/progress.ts'
import { harmlessLine, type Style } from '../terminal/style.ts'
import type { CommandContext, CommandSpec } from '../types.ts'

export const indexCommand: CommandSpec = {
  name: 'index',
  group: 'Ask and find',
  summary: 'Index vaults again from their files; all of them when none is named.',
  args: [{ name: 'VAULT', optional: true, many: true }],
  flags: [jsonFlag],
  example: 'cairn index handbook',
  answersNo: 'a vault could not be indexed',
  run: (context) =>
    context.withStore(async (store) => {
      const named = context.args['VAULT'] ?? []
      const vaults =
        named.length > 0 ? await Promise.all(named.map((name) => requireVault(store, name))) : await store.listVaults()
      const finished: VaultInfo[] = []
      for (const vault of vaults) finished.push(await indexOne(vault, store, context))
      if (context.json) context.print(JSON.stringify({ vaults: finished }, null, 2))
      else if (vaults.length === 0) context.print('There is no vault yet. Add one with “cairn vault add DIR”.')
      return finished.some(({ index }) => index.state === 'failed') ? exitCodes.no : exitCodes.done
    }),
}

async function indexOne(
  vault: VaultInfo,
  store: Parameters<Parameters<CommandContext['withStore']>[0]>[0],
  { input, style, json, print }: CommandContext,
): Promise<VaultInfo> {
  const progress = createProgress(json ? input.stderr : input.stdout, { style, clock: input.clock })
  const startedAt = input.clock.monotonic()
  const done = await store.index(vault.id, {
    report: ({ index }) => progress.show(harmlessLine(vault.name), index),
    signal: input.signal,
  })
  const seconds = (input.clock.monotonic() - startedAt) / 1_000
  progress.finish(summarise(done, seconds, style))
  if (!json) for (const line of describeProblems(done, style)) print(line)
  return done
}

function summarise(vault: VaultInfo, seconds: number, style: Style): string {
  const name = style.bold(harmlessLine(vault.name))
  if (vault.index.state === 'failed') return `${style.bad('✗')} ${name}  could not be indexed`
  const count = (value: number, word: string) => `${value.toLocaleString('en')} ${word}${value === 1 ? '' : 's'}`
  const time = seconds < 10 ? `${seconds.toFixed(1)} s` : formatDuration(seconds)
  return `${style.good('✓')} ${name}  ${count(vault.notes, 'note')}, ${count(vault.passages, 'passage')} ${style.dim(`in ${time}`)}`
}

const shownProblems = 5

function describeProblems({ index }: VaultInfo, style: Style): string[] {
  if (index.problemCount === 0) return []
  const files = index.problemCount === 1 ? '1 file was' : `${index.problemCount} files were`
  const lines = index.problems
    .slice(0, shownProblems)
    .map(({ path, reason }) => `    ${harmlessLine(path)}${style.dim(`: ${harmlessLine(reason)}`)}`)
  const more = index.problemCount - lines.length
  return [
    style.warn(`  ${files} left out or read in part:`),
    ...lines,
    ...(more > 0 ? [style.dim(`    and ${more} more; --json shows the first hundred`)] : []),
  ]
}
