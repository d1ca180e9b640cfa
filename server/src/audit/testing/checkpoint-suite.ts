/** Checkpoints that are thinned, on either engine: which stay, and that nothing is verified less than before. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import type { MakePlace, Place } from '../../storage/testing/places.ts'
import { verifyArchive } from '../archive/verify-archive.ts'
import { createProofs } from '../export/proofs.ts'
import { pickSuperfluous, thinCheckpoints } from '../log/thin-checkpoints.ts'
import { parseCheckpoint } from '../tree/checkpoint.ts'
import { leafHash } from '../tree/merkle.ts'
import { followProof, parseProof } from '../tree/tlog-proof.ts'
import { compareSeen } from '../witness/compare.ts'
import { openLogKit, someEvent, type LogKit } from './log-kit.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

export function describeCheckpoints(name: string, makePlace: MakePlace): void {
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

    const now = Date.parse('2026-06-15T12:30:00Z')
    const put = (at: number) => kit.clock.put(new Date(at).toISOString())

    /** Ten in each of some hours that are spread over seventy days until now. */
    async function grow(): Promise<string[]> {
      const notes: string[] = []
      for (const days of [70, 69.99, 69, 45, 31, 30.5, 29, 12, 11.98, 3, 1.2, 1, 0.5, 0]) {
        for (let each = 0; each < 10; each++) {
          put(now - days * dayMs - (9 - each) * 60_000)
          await kit.log.append(someEvent(notes.length, kit.clock.now()))
          notes.push((await kit.log.checkpoints.sign()).note)
        }
      }
      put(now)
      return notes
    }

    const stored = async () => {
      const { rows } = await kit.log.connection.run('SELECT size, at FROM audit_checkpoints ORDER BY size')
      return rows.map((row) => ({ size: Number(row['size']), at: Number(row['at']) }))
    }

    test('leaves the last of each hour and day, and all of the last day', async () => {
      await grow()
      const before = await stored()
      const gone = await thinCheckpoints(kit.log.connection, now)
      const after = await stored()
      expect(gone).toBe(before.length - after.length)
      expect(gone).toBeGreaterThan(70)
      const old = before.filter(({ at }) => at <= now - dayMs)
      const spans = Map.groupBy(old, ({ at }) =>
        at > now - 30 * dayMs ? Math.floor(at / hourMs) : -Math.floor(at / dayMs),
      )
      const last = [...spans.values()].flatMap((of) => of.at(-1)?.size ?? [])
      const young = before.filter(({ at }) => at > now - dayMs).map(({ size }) => size)
      expect(after.map(({ size }) => size)).toEqual([...last, ...young])
      expect(pickSuperfluous(after, now)).toEqual([])
      expect(await thinCheckpoints(kit.log.connection, now)).toBe(0)
    })

    test('a run of retention does it, and nothing is verified less: log, proofs, archive, and what others have seen', async () => {
      const notes = await grow()
      const { size: whole } = await kit.log.head()
      await kit.log.retention.run(kit.by())
      expect((await stored()).length).toBeLessThan(notes.length / 2)
      // What is said of it is not an entry: the tree is not changed by it.
      const { rows } = await kit.log.connection.run('SELECT header FROM audit_entries WHERE seq >= ?', [whole])
      expect(rows.filter(({ header }) => String(header).includes('checkpoint'))).toEqual([])
      expect(await kit.log.verify({ against: notes })).toMatchObject({ ok: true })
      const { verifier } = kit.log.checkpoints.signer
      for (const note of notes)
        expect(await compareSeen(kit.log.connection, note, verifier)).toMatchObject({
          verdict: 'fits',
          seen: parseCheckpoint(note)?.size,
        })
      const proofs = createProofs(kit.log)
      for (const seq of [0, 7, 69, whole - 1]) {
        const proof = parseProof(await proofs.proof(seq))
        expect(proof && followProof(proof, leafHash(proof.extra ?? ''))).not.toBeNull()
      }
      const archive: Uint8Array[] = []
      for await (const piece of kit.log.archive(false)) archive.push(piece)
      const report = await verifyArchive({
        open: async function* () {
          yield* archive
        },
        against: notes,
      })
      expect(report.ok).toBe(true)
    })

    test('what was cut off or written anew is found as before', async () => {
      const notes = await grow()
      await thinCheckpoints(kit.log.connection, now)
      await kit.log.connection.run('DELETE FROM audit_entries WHERE seq = 5')
      expect(await kit.codes(notes)).toContain('SEQ')
    })

    test('the newest stays, however old it is, so that pruning goes on', async () => {
      await kit.fill(300)
      const [signed] = await stored()
      put(now + 3_000 * dayMs)
      await thinCheckpoints(kit.log.connection, kit.clock.now())
      expect(await stored()).toEqual(signed === undefined ? [] : [signed])
      expect((await kit.log.retention.run(kit.by())).pruned).toEqual({ from: 0, to: 256 })
      expect((await kit.log.verify()).ok).toBe(true)
    })
  })
}
