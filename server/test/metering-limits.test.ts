/** One limit for all workers of a host: real processes that ask their supervisor. */
import { expect, test } from 'bun:test'
import { fileURLToPath } from 'node:url'
import { limit, takeMs } from '../src/metering/testing/limits-program.ts'

const program = fileURLToPath(new URL('../src/metering/testing/limits-program.ts', import.meta.url))

async function run(mode: 'together' | 'apart'): Promise<{ granted: number; ms: number }> {
  const child = Bun.spawn([process.execPath, program, mode], { stdout: 'pipe', stderr: 'inherit' })
  const counts = JSON.parse(await new Response(child.stdout).text()) as { granted: number; ms: number }[]
  expect(counts).toHaveLength(3)
  for (const { granted } of counts) expect(granted).toBeGreaterThan(0)
  return { granted: counts.reduce((sum, { granted }) => sum + granted, 0), ms: Math.max(...counts.map(({ ms }) => ms)) }
}

test('three workers together are granted what the limit allows, and all of it', async () => {
  const { granted } = await run('together')
  // What a full minute holds, and what came back while they asked; workers start some seconds apart.
  expect(granted).toBeGreaterThanOrEqual(limit)
  expect(granted).toBeLessThanOrEqual(limit + (limit / 60_000) * (takeMs + 10_000))
})

test('counting apart they are granted three times the limit, so this test can see it', async () => {
  const { granted } = await run('apart')
  expect(granted).toBeGreaterThanOrEqual(3 * limit)
})
