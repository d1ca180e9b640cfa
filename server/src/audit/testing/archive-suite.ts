/** Archives: verified by our code from their bytes alone, and by a page of code that shares none of ours. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { MakePlace, Place } from '../../storage/testing/places.ts'
import { endTar, readTar, writeTarFile, type TarFile } from '../archive/tar.ts'
import { verifyArchive } from '../archive/verify-archive.ts'
import { createNoteSigner } from '../tree/signed-note.ts'
import { openLogKit, type LogKit } from './log-kit.ts'

const example = resolve(import.meta.dir, '../../../../examples/verify-audit-log/verify.mjs')

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  // In pieces that end anywhere.
  for (let at = 0; at < bytes.length; at += 10_007) yield bytes.subarray(at, at + 10_007)
}

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(piece)
  return Buffer.concat(all)
}

/** The same archive with some files changed or left out. */
async function edit(archive: Uint8Array, change: (file: TarFile) => Uint8Array | string | null): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const file of readTar(once(archive))) {
    const content = change(file)
    if (content === null) continue
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
    parts.push(...writeTarFile({ name: file.name, content: bytes }))
  }
  return Buffer.concat([...parts, endTar()])
}

const textOf = ({ content }: TarFile) => Buffer.from(content).toString('utf8')
const swap = (name: RegExp, from: string, to: string) => (file: TarFile) =>
  name.test(file.name)
    ? Buffer.from(Buffer.from(file.content).toString('latin1').replace(from, to), 'latin1')
    : file.content

// oxlint-disable-next-line max-lines-per-function -- a suite: each of its tests is short
export function describeArchive(name: string, makePlace: MakePlace): void {
  describe(name, () => {
    let place: Place
    let kit: LogKit
    beforeEach(async () => {
      place = await makePlace()
      kit = await openLogKit(place.location)
    })
    afterEach(async () => {
      await kit.log.close()
      await place.remove()
    })
    const archive = (withContent = false) => collect(kit.log.archive(withContent))
    const verify = (bytes: Uint8Array, more: { key?: string; against?: string[] } = {}) =>
      verifyArchive({ open: () => once(bytes), ...more })
    const codes = async (bytes: Uint8Array, more: { key?: string; against?: string[] } = {}) =>
      [...new Set((await verify(bytes, more)).errors.map(({ code }) => code))].sort()

    /** By the example, over files. */
    async function runExample(bytes: Uint8Array, ...key: string[]): Promise<{ status: number | null; said: string }> {
      const folder = mkdtempSync(join(tmpdir(), 'cairn-archive-'))
      try {
        for await (const file of readTar(once(bytes))) {
          mkdirSync(dirname(join(folder, file.name)), { recursive: true })
          writeFileSync(join(folder, file.name), file.content)
        }
        const { status, stdout } = spawnSync('node', [example, folder, ...key], { encoding: 'utf8' })
        return { status, said: stdout.trim() }
      } finally {
        rmSync(folder, { recursive: true })
      }
    }

    test('is ok by both, also after months were shredded, somebody was erased and entries were pruned', async () => {
      await kit.fill(300)
      expect(await verify(await archive())).toMatchObject({ ok: true, size: 300, blocks: { sealed: 375, gone: 0 } })
      await kit.erase('person_1')
      await kit.shred('content/2026-01')
      await kit.fill(300)
      await kit.log.prune(kit.by(), 256)
      await kit.fill(10)
      const bytes = await archive()
      const { size } = await kit.log.head()
      expect(await verify(bytes)).toMatchObject({ ok: true, size, minIndex: 256, errorCount: 0 })
      expect(await runExample(bytes)).toMatchObject({
        status: 0,
        said: `OK: ${size - 256} of ${size} entries of cairn/audit/deployment_test`,
      })
      // The same log makes the same bytes.
      expect(Buffer.compare(bytes, await archive())).toBe(0)
    })

    test('names nobody, unless it is asked for with names; these fit their commitments', async () => {
      await kit.fill(20)
      await kit.erase('person_2')
      const [bare, whole] = [await archive(), await archive(true)]
      expect(Buffer.from(bare).toString('latin1')).not.toContain('person_')
      expect(await verify(whole)).toMatchObject({ ok: true, blocks: { full: 22, gone: 5 } })
      expect(Buffer.from(whole).toString('latin1')).toContain('person_1')
      expect(Buffer.from(whole).toString('latin1')).not.toContain('person_2')
      expect(await codes(await edit(whole, swap(/^blocks/, 'person_1', 'person_3')))).toEqual(['COMMITMENT'])
    })

    test('that was changed is not ok, by the code of what was done', async () => {
      await kit.fill(300)
      await kit.erase('person_1')
      const bytes = await archive()
      const refused = await edit(bytes, swap(/^tile\/entries\/000/, '"out":"ok"', '"out":"no"'))
      expect(await codes(refused)).toContain('ROOT')
      const other = await edit(bytes, swap(/^tile\/entries\/001/, '"purpose":"reset"', '"purpose":"sign-"'))
      expect(await codes(other)).toEqual(['ROOT'])
      expect((await runExample(other)).said).toContain('NOT OK: entry')
      expect((await runExample(other)).status).toBe(1)
      // A block that is gone without leave, and one whose leave is of another.
      const lines = (change: (lines: string[]) => string[]) => (file: TarFile) =>
        file.name === 'blocks/0.jsonl' ? change(textOf(file).split('\n')).join('\n') : file.content
      expect(
        await codes(
          await edit(
            bytes,
            lines((all) => all.slice(1)),
          ),
        ),
      ).toEqual(['UNAUTHORISED_GAP'])
      const widen = (all: string[]) => {
        const gone = all.find((line) => line.includes('goneBy')) ?? ''
        const { goneBy, goneProof } = JSON.parse(gone) as { goneBy: number; goneProof: string }
        return all.map((line) =>
          line.includes('"seq":4,') && line.includes('actor')
            ? JSON.stringify({ seq: 4, name: 'actor', goneBy, goneProof })
            : line,
        )
      }
      expect(await codes(await edit(bytes, lines(widen)))).toEqual(['AUTH_SET'])
      // Without its last entries, by a checkpoint of before that fits.
      expect(
        await codes(await edit(bytes, (file) => (file.name.startsWith('tile/entries/001') ? null : file.content))),
      ).toContain('SEQ')
    })

    test('by another key, or against a checkpoint of another log, is not ok', async () => {
      await kit.fill(30)
      const bytes = await archive()
      const stranger = createNoteSigner('cairn/audit/deployment_test', new Uint8Array(32).fill(9)).verifier.text
      expect(await codes(bytes, { key: stranger })).toEqual(['SIG'])
      expect((await runExample(bytes, stranger)).said).toBe('NOT OK: the checkpoint is not signed with this key')
      const seen = (await kit.log.checkpoints.newest())?.note ?? ''
      await kit.fill(1)
      const later = (await kit.log.checkpoints.newest())?.note ?? ''
      expect(await codes(bytes, { against: [seen] })).toEqual([])
      expect(await codes(bytes, { against: [later] })).toEqual(['ROLLBACK'])
    })

    test('that is cut, empty or something else is said to be none', async () => {
      await kit.fill(30)
      const bytes = await archive()
      for (const broken of [
        new Uint8Array(),
        bytes.slice(0, 700),
        bytes.slice(0, 3_000),
        Buffer.from('x'.repeat(2_000)),
      ])
        await expect(verify(broken)).rejects.toThrow(TypeError)
      const facts = (change: object) => (file: TarFile) =>
        file.name === 'facts.json'
          ? JSON.stringify({ ...(JSON.parse(textOf(file)) as object), ...change })
          : file.content
      for (const change of [{ size: 29 }, { size: -1 }, { more: 1 }, { minIndex: 'x' }])
        await expect(verify(await edit(bytes, facts(change)))).rejects.toThrow(TypeError)
    })
  })
}
