/** Promise of the console’s size: what a first visit loads is small, and pages that few open come when they are opened. */
import { expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildConsole } from '../../scripts/build-console.ts'

const mostBytes = 150_000

test('the first load is at most 150 kB compressed, without the pages of access and audit', async () => {
  const outdir = await mkdtemp(join(tmpdir(), 'cairn-console-'))
  try {
    const { files } = await buildConsole({ outdir })
    const first = files.filter(({ isLater }) => !isLater)
    const total = first.reduce((sum, { gzipBytes }) => sum + gzipBytes, 0)
    expect(total).toBeLessThanOrEqual(mostBytes)
    expect(total).toBeGreaterThan(50_000)
    const sentences = ['Waiting for what happens next', 'Give a role']
    for (const { path } of first.filter(({ path: name }) => name.endsWith('.js'))) {
      const text = await Bun.file(join(outdir, path)).text()
      expect([path, sentences.filter((sentence) => text.includes(sentence))]).toEqual([path, []])
    }
    const later = await Promise.all(
      files.filter(({ isLater }) => isLater).map(({ path }) => Bun.file(join(outdir, path)).text()),
    )
    expect(sentences.every((sentence) => later.some((text) => text.includes(sentence)))).toBe(true)
  } finally {
    await rm(outdir, { recursive: true, force: true })
  }
})
