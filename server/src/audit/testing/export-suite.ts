/** What taking a log out promises, on either engine: pinned, in order, in pieces, without those who were forgotten. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { AuditExportQuery } from '@cairn/contract'
import type { MakePlace, Place } from '../../storage/testing/places.ts'
import { readTar } from '../archive/tar.ts'
import { createOpenFiles, type OpenFiles } from '../export/open-files.ts'
import { leafHash } from '../tree/merkle.ts'
import { followProof, parseProof } from '../tree/tlog-proof.ts'
import { openLogKit, someEvent, testSecrets, type LogKit } from './log-kit.ts'

const plain: AuditExportQuery = { format: 'jsonl', content: false, bom: false }

async function* stream(pieces: readonly Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* pieces
}

export function describeExport(name: string, makePlace: MakePlace): void {
  describe(name, () => {
    let made: Place
    let kit: LogKit
    let files: OpenFiles

    beforeAll(async () => {
      made = await makePlace()
      kit = await openLogKit(made.location)
      files = createOpenFiles(kit.log, { secrets: testSecrets, version: '0' })
      await kit.fill(1_200)
    })
    afterAll(async () => {
      await kit.log.close()
      await made.remove()
    })

    async function take(query: Partial<AuditExportQuery>, between?: () => Promise<void>) {
      const { id, size, root } = await files.begin({ ...plain, ...query })
      let [text, pieces, results] = ['', 0, 0]
      for (let piece = await files.next(id); piece !== null; piece = await files.next(id)) {
        text += Buffer.from(piece.bytes).toString()
        results += piece.results
        if (pieces++ === 0) await between?.()
      }
      const entries =
        query.format === undefined
          ? text
              .split('\n')
              .slice(0, -1)
              .map((line) => JSON.parse(line))
          : []
      return { text, size, root, pieces, results, entries: entries as { seq: number; actor: string | null }[] }
    }

    test('each entry once, in order, up to the size it began with, whatever comes meanwhile', async () => {
      const { size, pieces, results, entries } = await take({}, async () => {
        await kit.log.append(someEvent(0, kit.clock.now()))
      })
      expect(pieces).toBeGreaterThan(3)
      expect(results).toBe(size)
      expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: size }, (_, at) => at))
      expect((await take({})).size).toBe(size + 1)
    })

    test('proofs are of each entry that fits, and lead to the one checkpoint beside them', async () => {
      const { id, size } = await files.begin({ ...plain, format: 'proofs', category: ['auth'], fromSeq: 9, toSeq: 600 })
      const pieces: Uint8Array[] = []
      let results = 0
      for (let piece = await files.next(id); piece !== null; piece = await files.next(id)) {
        pieces.push(piece.bytes)
        results += piece.results
      }
      const found: string[] = []
      let [checkpoint, key] = ['', '']
      for await (const { name: path, content } of readTar(stream(pieces))) {
        const text = Buffer.from(content).toString()
        if (path === 'checkpoint') checkpoint = text
        else if (path === 'key') key = text
        else {
          const proof = parseProof(text)
          const led = proof && followProof(proof, leafHash(proof.extra ?? ''))
          expect([path, led?.size, proof?.checkpoint]).toEqual([`proofs/${proof?.index}.tlog-proof`, size, checkpoint])
          expect(JSON.parse(Buffer.from(proof?.extra ?? []).toString())).toMatchObject({
            seq: proof?.index,
            cat: 'auth',
          })
          found.push(path)
        }
      }
      expect(key).toBe(`${kit.log.checkpoints.signer.verifier.text}\n`)
      expect(found.length).toBe(results)
      expect(results).toBe((await take({ category: ['auth'], fromSeq: 9, toSeq: 600 })).results)
      expect(results).toBeGreaterThan(200)
    })

    test('the same size gives the same bytes', async () => {
      const { size } = await take({})
      const [one, other] = [await take({ toSeq: size }), await take({ toSeq: size })]
      expect(one.text).toBe(other.text)
    })

    test('who is forgotten while it is taken is not in the rest of it', async () => {
      const { entries } = await take({}, () => kit.erase('person_1'))
      const named = entries.filter(({ actor }) => actor === 'person_1').map(({ seq }) => seq)
      expect(named.length).toBeGreaterThan(0)
      // Of the first piece, and of none after it.
      expect(Math.max(...named)).toBeLessThan(300)
      expect((await take({})).text).not.toContain('person_1')
    })

    test('an entry that somebody changed is not taken out, and the file before it does not look whole', async () => {
      const { run } = kit.log.connection
      const { rows } = await run('SELECT header FROM audit_entries WHERE seq = 700')
      const header = String(rows[0]?.['header'])
      await run('UPDATE audit_entries SET header = ? WHERE seq = 700', [header.replace('"ok"', '"refused"')])
      await expect(take({})).rejects.toThrow('not those that were signed')
      await expect(take({ format: 'csv', category: ['auth'], toSeq: 800 })).rejects.toThrow(
        'not those that were signed',
      )
      expect((await take({ toSeq: 512 })).results).toBe(512)
      await run('UPDATE audit_entries SET header = ? WHERE seq = 700', [header])
      await expect(take({})).resolves.toMatchObject({})
    })

    test('so many at once and no more; one that was let go makes room', async () => {
      const begun: string[] = []
      const beginAll = async () => {
        for (;;) begun.push((await files.begin(plain)).id)
      }
      await expect(beginAll()).rejects.toThrow('Too many exports')
      await beginAll().catch(() => undefined)
      for (const id of begun) await files.end(id)
      expect((await take({})).entries.length).toBeGreaterThan(1_000)
    })

    test('entries that are pruned while it is taken make it fail, and never end early', async () => {
      await expect(
        take({}, async () => {
          await kit.log.prune(kit.by(), 1_024)
        }),
      ).rejects.toThrow('pruned a moment ago')
      await take({}).catch(() => undefined)
      const { minIndex } = await kit.log.head()
      expect(minIndex).toBeGreaterThan(0)
      expect((await take({})).entries[0]?.seq).toBe(minIndex)
    })
  })
}
