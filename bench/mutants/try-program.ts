/**
 * Runs the proofs of the access engine against changed copies of it, one after another: a change a line on the input, a
 * result a line on the output. A process of its own, because a change can make it run for ever; then it is ended.
 */
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import fc from 'fast-check'
import { proofs } from '../../server/src/access/testing/proofs.ts'
import type { EngineModule } from '../../server/src/access/testing/proof.ts'
import type { Change } from './mutate.ts'

export interface Tried {
  /** Name of the proof that failed; null when none did; `invalid` for what is no program. */
  readonly killedBy: string | null
}

const source = resolve(import.meta.dirname, '../../server/src')
// Below node_modules, where packages are found from, and where nobody looks for sources.
const folder = resolve(source, '../../node_modules/.cache/cairn-mutants', `access-${process.pid}`)

fc.configureGlobal({ endOnFailure: true })
let count = 0
for await (const line of createInterface({ input: process.stdin })) {
  const tried = await tryChange(JSON.parse(line) as Change)
  process.stdout.write(`${JSON.stringify(tried)}\n`)
}
await rm(folder, { recursive: true, force: true })

async function tryChange({ file, start, end, put }: Change): Promise<Tried> {
  const root = join(folder, String(count++))
  for (const room of ['access/engine', 'base']) {
    await mkdir(dirname(join(root, room)), { recursive: true })
    await cp(join(source, room), join(root, room), { recursive: true })
  }
  const text = await readFile(join(source, file), 'utf8')
  await writeFile(join(root, file), text.slice(0, start) + put + text.slice(end))
  try {
    return { killedBy: findFailing(await load(root)) }
  } catch {
    return { killedBy: 'invalid' }
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

async function load(root: string): Promise<EngineModule> {
  const { compile, runScenarios } = (await import(join(root, 'access/engine/index.ts'))) as EngineModule
  const { covers } = (await import(join(root, 'access/engine/rules.ts'))) as EngineModule
  const filters = (await import(join(root, 'base/note-filter.ts'))) as EngineModule['filters']
  const ranges = (await import(join(root, 'base/path-ranges.ts'))) as EngineModule['ranges']
  return { compile, runScenarios, covers, filters, ranges }
}

/** What the tests run, with fewer random worlds: whoever survives these is asked of more. */
function findFailing(engine: EngineModule): string | null {
  for (const runs of [30, 300])
    for (const { name, run } of proofs) {
      try {
        run(engine, { runs, seed: 5 })
      } catch {
        return name
      }
    }
  return null
}
