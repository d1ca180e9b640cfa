/** Killed at any moment, an indexer goes on where it was: nothing lost, nothing twice. */
import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'bun:test'
import { sleep } from '../src/base/index.ts'
import { openDirectStore } from '../src/storage/index.ts'
import { indexSchema } from '../src/vaults/index.ts'
import { makeFolder, openVaultRig } from './kit/vault-rig.ts'

const notes = 600

/** Path, version and passages of every note, and how many texts were written since the index began. */
async function readIndex(data: string): Promise<{ rows: string[]; seq: number; vectors: number }> {
  const store = await openDirectStore({
    location: { kind: 'sqlite', file: join(data, 'index.db'), durability: 'normal' },
    schemas: [indexSchema],
  })
  const rows = await store.read('SELECT path, version, passages FROM index_notes WHERE deleted = 0 ORDER BY path')
  const [vault] = await store.read('SELECT seq FROM index_vaults')
  const [vectors] = await store.read('SELECT COUNT(*) AS n FROM index_vectors')
  await store.close()
  return {
    rows: rows.map((row) => `${String(row['path'])} ${String(row['version'])} ${String(row['passages'])}`),
    seq: Number(vault?.['seq'] ?? 0),
    vectors: Number(vectors?.['n'] ?? 0),
  }
}

/** Runs the indexer until it is ready or until it is killed; true when it was ready. */
async function runUntil(folder: string, data: string, killAfterMs: number): Promise<boolean> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'kit', 'index-program.ts'), folder, data], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const ready = new Promise<boolean>((resolve) => child.stdout.once('data', () => resolve(true)))
  const wasReady = await Promise.race([ready, sleep(killAfterMs).then(() => false)])
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
  return wasReady
}

test('an indexer killed again and again ends with the index of one that was not, and keeps what it had done', async () => {
  const folder = await makeFolder('kills')
  for (let at = 0; at < notes; at++) {
    const text = Array.from(
      { length: 12 },
      (_, line) =>
        `Entry ${at} line ${line}: the ${['heron', 'otter', 'lynx'][(at + line) % 3]} of station ${at % 41} rests after ${line * at} waves.`,
    )
    await writeFile(join(folder, `${at}.md`), `# Entry ${at}\n\n${text.join('\n\n')}\n`)
  }
  const killed = await makeFolder('killed-data')
  let before = 0
  // A seeded sample of moments; the later ones fall into the training of meaning.
  for (const moment of [250, 400, 550, 700, 900, 1_200]) {
    if (await runUntil(folder, killed, moment)) break
    const { rows, seq } = await readIndex(killed)
    expect(rows.length).toBeLessThanOrEqual(notes)
    expect(new Set(rows).size).toBe(rows.length)
    expect(seq).toBeGreaterThanOrEqual(before)
    before = seq
  }
  const whole = await makeFolder('whole-data')
  const search = async (data: string) => {
    await using rig = await openVaultRig(folder, data)
    await rig.ready()
    expect((await rig.vault()).notes).toBe(notes)
    return [
      await rig.find('heron'),
      await rig.find('"station 7"'),
      (await rig.passages('where does the otter rest')).map(({ note, start }) => `${note} ${start}`),
    ]
  }
  expect(await search(killed)).toEqual(await search(whole))
  const [after, reference] = [await readIndex(killed), await readIndex(whole)]
  expect(after.rows).toEqual(reference.rows)
  expect(after.vectors).toBe(notes)
  // Each note takes one number, each note's vectors one more: work done before a kill was not done again.
  expect(after.seq).toBeLessThan(reference.seq + 2 * notes)
}, 120_000)
