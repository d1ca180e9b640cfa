/** What the log promises, whatever the engine of its store: its life, its attacks, and that forgetting is not tampering. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import type { SqlValue } from '../../platform/index.ts'
import type { MakePlace, Place } from '../../storage/testing/places.ts'
import { openConnection } from '../../storage/index.ts'
import { readHead } from '../log/append.ts'
import { auditSchema } from '../log/schema.ts'
import { createTreeReader } from '../log/tree-reader.ts'
import { expandKey, sealBlock } from '../record/blocks.ts'
import { parseHeader } from '../record/header.ts'
import { createKeyBook } from '../record/key-book.ts'
import { parseCheckpoint } from '../tree/checkpoint.ts'
import {
  appendLeaf,
  emptyFrontier,
  leafHash,
  verifyConsistency,
  verifyInclusion,
  type Frontier,
} from '../tree/merkle.ts'
import { joinHashes } from '../tree/tiles.ts'
import { findKeyRef, openLogKit, someEvent, testOrigin, testSecrets, type LogKit } from './log-kit.ts'

// oxlint-disable-next-line max-lines-per-function -- a suite: each of its tests is short
export function describeLog(name: string, makePlace: MakePlace): void {
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
    const run = (text: string, ...params: SqlValue[]) => kit.log.connection.run(text, params)
    const headerAt = async (seq: number) =>
      String((await run('SELECT header FROM audit_entries WHERE seq = ?', seq)).rows[0]?.['header'])
    /** Makes head and frontier fit what stands in the table, as an attacker with the store would. */
    async function refit(): Promise<void> {
      const { rows } = await run('SELECT leaf FROM audit_entries ORDER BY seq')
      let frontier: Frontier = emptyFrontier
      for (const { leaf } of rows) frontier = appendLeaf(frontier, leaf as Uint8Array)
      await run('UPDATE audit_head SET size = ?, frontier = ?', frontier.size, joinHashes(frontier.hashes))
    }

    test('events that come at once get the places 0 to n - 1, each once, and an untouched log verifies', async () => {
      const places = await Promise.all(
        Array.from({ length: 300 }, (_, at) => kit.log.append(someEvent(at, kit.clock.now()))),
      )
      expect(places.toSorted((one, other) => one - other)).toEqual(Array.from({ length: 300 }, (_, at) => at))
      await kit.log.checkpoints.sign()
      expect(await kit.log.verify()).toMatchObject({ ok: true, size: 300, entries: 300, checkpoints: 1, errorCount: 0 })
    })

    test('two that append to one log at once leave one log without a gap', async () => {
      if (!place.takesSeveral) return
      const other = await openLogKit(place.location)
      await Promise.all([kit.fill(200), other.fill(200)])
      await other.log.close()
      expect(await kit.log.verify()).toMatchObject({ ok: true, size: 400 })
    })

    test('nothing of a person stands in the store in clear', async () => {
      await kit.fill(20)
      const { rows } = await run('SELECT * FROM audit_entries')
      const blocks = await run('SELECT * FROM audit_blocks')
      const keys = await run('SELECT * FROM audit_keys')
      const text = [...rows, ...blocks.rows, ...keys.rows]
        .flatMap((row) => Object.values(row))
        .map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value)))
        .join('\n')
      for (const canary of ['person_', 'Käse', 'K\u00c3\u00a4se', 'request_', '127.0.0.1'])
        expect(text).not.toContain(canary)
      // The search can fail.
      expect(text).toContain('extractive')
    })

    test('proofs of any entry and between any two checkpoints hold, over more than one tile', async () => {
      await kit.fill(300)
      const first = parseCheckpoint((await kit.log.checkpoints.newest())?.note ?? '')
      await kit.fill(300)
      const second = parseCheckpoint((await kit.log.checkpoints.newest())?.note ?? '')
      if (!first || !second) throw new Error('there are no checkpoints')
      const reader = createTreeReader(kit.log.connection, 600)
      for (const index of [0, 1, 255, 256, 299, 511, 512, 599]) {
        const leaf = leafHash(await headerAt(index))
        const proof = await reader.inclusion(index, 600)
        expect(verifyInclusion({ index, size: 600, leaf, root: second.root, proof })).toBe(true)
        expect(verifyInclusion({ index, size: 600, leaf, root: first.root, proof })).toBe(false)
      }
      const proof = await reader.consistency(300, 600)
      const both = { earlier: 300, size: 600, earlierRoot: first.root, root: second.root }
      expect(verifyConsistency({ ...both, proof })).toBe(true)
      expect(verifyConsistency({ ...both, proof: proof.toReversed() })).toBe(false)
    })

    describe('forgetting', () => {
      test('a person who is erased is gone from the store, also as the one whom others named, and the log verifies', async () => {
        await kit.fill(100)
        await kit.erase('person_1')
        const { blocks, ok } = await kit.log.verify()
        expect(ok).toBe(true)
        // 20 deeds of theirs and 5 deeds of others that named them.
        expect(blocks.gone).toBe(25)
        expect((await run('SELECT COUNT(*) AS n FROM audit_blocks WHERE subject IS NULL')).rows[0]?.['n']).toBe(25)
      })

      test('whoever is forgotten gets no new key: what they do later names nobody', async () => {
        await kit.fill(20)
        await kit.erase('person_1')
        const seq = await kit.log.append(someEvent(1, kit.clock.now()))
        expect((await run('SELECT * FROM audit_blocks WHERE seq = ?', seq)).rows).toEqual([])
        expect(parseHeader(await headerAt(seq))?.b).toEqual({})
        expect((await kit.log.verify()).ok).toBe(true)
      })

      test('whoever is forgotten before anything was recorded of them is named by nothing after it either', async () => {
        await kit.erase('person_new')
        const removed = {
          ...someEvent(0, kit.clock.now()),
          type: 'user.removed' as const,
          fields: { user: 'person_new' },
        }
        const seq = await kit.log.append(removed)
        const [entry] = await kit.log.entries({ from: seq, to: seq + 1 })
        expect([entry?.fields, entry?.blocks]).toEqual([{}, { actor: 'open' }])
        expect((await kit.log.verify()).ok).toBe(true)
      })

      test('erasing twice is nothing the second time', async () => {
        await kit.fill(20)
        await kit.erase('person_1')
        const { size } = await kit.log.head()
        await kit.erase('person_1')
        expect((await kit.log.head()).size).toBe(size)
      })

      test('between the key and the blocks the log verifies too, and goes on where it stopped', async () => {
        await kit.fill(40)
        await kit.log.erase(kit.by(), ['person_1'], { reason: 'request', request: 'r1' })
        expect(await kit.log.verify()).toMatchObject({ ok: true, blocks: { sealed: 10, gone: 0 } })
        expect(await kit.log.removeGone(kit.by())).toBe(10)
        expect(await kit.log.verify()).toMatchObject({ ok: true, blocks: { sealed: 0, gone: 10 } })
      })

      test('a month of a category that is shredded takes no other with it', async () => {
        await kit.fill(40)
        kit.clock.put('2026-02-15T08:00:00Z')
        await kit.fill(40)
        await kit.shred('content/2026-01')
        const { rows } = await run(
          'SELECT e.header FROM audit_blocks b JOIN audit_entries e ON e.seq = b.seq WHERE b.sealed IS NULL',
        )
        expect(rows).toHaveLength(20)
        for (const { header } of rows)
          expect(parseHeader(String(header))).toMatchObject({ cat: 'content', t: expect.stringMatching(/^2026-01/) })
        expect((await kit.log.verify()).ok).toBe(true)
      })

      test('a pruned log verifies, proves what is left, and goes on', async () => {
        await kit.fill(700)
        const before = parseCheckpoint((await kit.log.checkpoints.newest())?.note ?? '')
        expect(await kit.log.prune(kit.by(), 512)).toEqual({ from: 0, to: 512, seq: 700 })
        expect((await run('SELECT MIN(seq) AS first FROM audit_entries')).rows[0]?.['first']).toBe(512)
        await kit.fill(100)
        expect(await kit.log.verify()).toMatchObject({ ok: true, minIndex: 512, size: 801 })
        const proof = await createTreeReader(kit.log.connection, 801).inclusion(600, 700)
        const leaf = leafHash(await headerAt(600))
        expect(verifyInclusion({ index: 600, size: 700, leaf, root: before?.root ?? leaf, proof })).toBe(true)
        expect(await kit.log.prune(kit.by(), 512)).toBeNull()
        await expect(kit.log.prune(kit.by(), 600)).rejects.toThrow('multiple of 256')
      })
    })

    test('whoever stops in the middle of an append holds up the others for seconds only', async () => {
      const other = await openConnection({ location: place.location, schemas: [auditSchema] })
      if (other.dialect === 'postgres') {
        const [isHeld, isOver] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
        const stopped = other.transaction(async (session) => {
          await readHead(session, 'FOR UPDATE')
          isHeld.resolve()
          await isOver.promise
          return readHead(session, '')
        })
        const ended = stopped.then(
          () => 'went on',
          () => 'was ended',
        )
        await isHeld.promise
        // Waits for the lock.
        await kit.fill(1)
        isOver.resolve()
        expect(await ended).toBe('was ended')
      }
      await other.close()
    })

    test('a book that is full still knows everybody it was asked for', async () => {
      const people = Array.from({ length: 10 }, (_, at) => `person_${at}`)
      const periods = ['auth/2026-01', 'access/2026-01']
      for (const mostKnown of [1, 5, 10, 11, 15]) {
        const book = createKeyBook(testSecrets, { mostKnown })
        for (const wanted of [people.slice(0, 4), people.slice(2), people]) {
          await book.load(kit.log.connection, { subjects: wanted, periods })
          const refs = wanted.map((person) => book.subject(person)?.ref ?? 'forgotten')
          expect(refs).not.toContain('forgotten')
          expect(periods.filter((period) => book.period(period) === undefined)).toEqual([])
          await book.findByRef(kit.log.connection, 'subject', refs)
          expect(refs.filter((ref) => book.byRef('subject', ref) === undefined)).toEqual([])
        }
      }
    })

    describe('attacks', () => {
      test('an entry that is changed', async () => {
        await kit.fill(50)
        await run('UPDATE audit_entries SET header = ? WHERE seq = 7', (await headerAt(7)).replace('"ok"', '"refused"'))
        expect(await kit.codes()).toEqual(['LEAF_MISMATCH', 'ROOT'])
      })

      test('an entry that is changed with its hash and the head', async () => {
        await kit.fill(50)
        const header = (await headerAt(7)).replace('"ok"', '"refused"')
        await run('UPDATE audit_entries SET header = ?, leaf = ? WHERE seq = 7', header, leafHash(header))
        await refit()
        expect(await kit.codes()).toEqual(['ROOT'])
      })

      test('another actor, encrypted with the right key', async () => {
        await kit.fill(50)
        const header = parseHeader(await headerAt(3))
        const { rows } = await run("SELECT subject, period FROM audit_blocks WHERE seq = 3 AND name = 'actor'")
        const book = createKeyBook(testSecrets)
        const [subject, period] = [String(rows[0]?.['subject']), String(rows[0]?.['period'])]
        await book.findByRef(kit.log.connection, 'subject', [subject])
        await book.findByRef(kit.log.connection, 'period', [period])
        const [of, at] = [book.byRef('subject', subject), book.byRef('period', period)]
        const extracted = of && at ? book.extracted(of, at) : null
        if (!header || !extracted) throw new Error('the block cannot be forged')
        const where = { origin: testOrigin, nonce: header.n, name: 'actor' }
        const { sealed } = sealBlock(expandKey(extracted, where), where, { actor: 'person_4', at: 1 })
        await run("UPDATE audit_blocks SET sealed = ? WHERE seq = 3 AND name = 'actor'", sealed)
        expect(await kit.codes()).toEqual(['COMMITMENT'])
      })

      test('a block of another entry, or bytes of no block', async () => {
        await kit.fill(50)
        const { rows } = await run("SELECT sealed FROM audit_blocks WHERE seq = 8 AND name = 'actor'")
        await run(
          "UPDATE audit_blocks SET sealed = ? WHERE seq = 3 AND name = 'actor'",
          rows[0]?.['sealed'] as Uint8Array,
        )
        expect(await kit.codes()).toEqual(['CIPHERTEXT'])
      })

      test('a block that is deleted, emptied, or whose key is deleted', async () => {
        await kit.fill(50)
        await run('DELETE FROM audit_blocks WHERE seq = 3')
        expect(await kit.codes()).toEqual(['UNAUTHORISED_GAP'])
        await run('UPDATE audit_blocks SET sealed = NULL, subject = NULL, period = NULL WHERE seq = 4')
        await run("DELETE FROM audit_keys WHERE name = 'auth/2026-01'")
        const { errors } = await kit.log.verify()
        expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(['UNAUTHORISED_GAP']))
        expect(errors.map(({ seq }) => seq)).toEqual(expect.arrayContaining([0, 3, 4]))
      })

      test('a key that is destroyed without an entry, or under one that is not about it', async () => {
        await kit.fill(50)
        const ref = await findKeyRef(kit.log, 'person_2')
        await run('UPDATE audit_keys SET wrapped = NULL WHERE ref = ?', ref)
        expect(await kit.codes()).toEqual(['KEY_ROW', 'UNAUTHORISED_GAP'])
        await kit.erase('person_1')
        const { rows } = await run("SELECT gone_by FROM audit_keys WHERE kind = 'subject' AND gone_by IS NOT NULL")
        await run('UPDATE audit_keys SET gone_by = ? WHERE ref = ?', Number(rows[0]?.['gone_by']), ref)
        expect(await kit.codes()).toEqual(['KEY_ROW', 'UNAUTHORISED_GAP'])
        await run(
          "UPDATE audit_keys SET gone_seal = (SELECT gone_seal FROM audit_keys WHERE kind = 'subject' AND gone_seal IS NOT NULL) WHERE ref = ?",
          ref,
        )
        expect(await kit.codes()).toEqual(['KEY_ROW', 'UNAUTHORISED_GAP'])
      })

      test('a key under another person’s name: known, and neither that person nor the other is forgotten by it', async () => {
        await kit.fill(50)
        const [one, other] = [await findKeyRef(kit.log, 'person_1'), await findKeyRef(kit.log, 'person_2')]
        const swap = async () => {
          const { rows } = await run('SELECT ref, name FROM audit_keys WHERE ref IN (?, ?)', one, other)
          const nameOf = (ref: string) => String(rows.find((row) => row['ref'] === ref)?.['name'])
          await run("UPDATE audit_keys SET name = 'none' WHERE ref = ?", one)
          await run('UPDATE audit_keys SET name = ? WHERE ref = ?', nameOf(one), other)
          await run('UPDATE audit_keys SET name = ? WHERE ref = ?', nameOf(other), one)
        }
        await swap()
        // What is known in memory is right until it is read again.
        await run('UPDATE audit_head SET keys_epoch = keys_epoch + 1')
        expect(await kit.codes()).toContain('KEY_ROW')
        expect(kit.log.erase(kit.by(), ['person_1'], { reason: 'request', request: 'r1' })).rejects.toThrow(
          'its row was changed',
        )
        expect(
          kit.log.append({
            type: 'note.read',
            actor: 'person_2',
            outcome: 'ok',
            at: kit.clock.now(),
            context: {},
            fields: { vault: 'v', note: 'A.md' },
          }),
        ).rejects.toThrow('its row was changed')
        await swap()
        expect(await kit.codes()).toEqual([])
      })

      test('entries that are deleted at the front, with a head that fits', async () => {
        await kit.fill(600)
        await run('DELETE FROM audit_entries WHERE seq < 256')
        await run('DELETE FROM audit_blocks WHERE seq < 256')
        await run('UPDATE audit_head SET min_index = 256')
        expect(await kit.codes()).toContain('HEAD_MISSING_NO_PRUNE_RECORD')
      })

      test('a lawful prune that is widened', async () => {
        await kit.fill(1_000)
        await kit.log.prune(kit.by(), 256)
        await kit.log.checkpoints.sign()
        const frontier = await createTreeReader(kit.log.connection, 1_000).frontier(512)
        await run('UPDATE audit_prunes SET upto = 512, frontier = ?', joinHashes(frontier.hashes))
        await run('DELETE FROM audit_entries WHERE seq < 512')
        await run('DELETE FROM audit_blocks WHERE seq < 512')
        await run('UPDATE audit_head SET min_index = 512')
        expect(await kit.codes()).toEqual(['HEAD_MISSING_NO_PRUNE_RECORD'])
      })

      test('what is left of pruned entries is exchanged', async () => {
        await kit.fill(600)
        await kit.log.prune(kit.by(), 512)
        await kit.log.checkpoints.sign()
        await run('UPDATE audit_prunes SET frontier = ?', new Uint8Array(32))
        expect(await kit.codes()).toEqual(['PRUNE_ROOT', 'ROOT'])
      })

      test('the newest entries are cut off: known by a checkpoint of one’s own, or by one that somebody has seen', async () => {
        await kit.fill(50)
        await kit.fill(50)
        const seen = (await kit.log.checkpoints.newest())?.note ?? ''
        await run('DELETE FROM audit_entries WHERE seq >= 80')
        await run('DELETE FROM audit_blocks WHERE seq >= 80')
        await refit()
        expect(await kit.codes()).toEqual(['ROLLBACK'])
        await run('DELETE FROM audit_checkpoints WHERE size > 80')
        // Nobody inside can tell any more.
        expect(await kit.codes()).toEqual([])
        expect(await kit.codes([seen])).toEqual(['ROLLBACK'])
      })

      test('with the stolen signing key the log is written anew: known by one checkpoint that somebody has seen', async () => {
        await kit.fill(60)
        const seen = (await kit.log.checkpoints.newest())?.note ?? ''
        const header = (await headerAt(7)).replace('"ok"', '"refused"')
        await run('UPDATE audit_entries SET header = ?, leaf = ? WHERE seq = 7', header, leafHash(header))
        await run('DELETE FROM audit_checkpoints')
        await refit()
        await kit.log.checkpoints.sign()
        expect(await kit.codes()).toEqual([])
        expect(await kit.codes([seen])).toEqual(['FORK'])
      })

      test('a checkpoint with another key, another log’s checkpoint, and text that is none', async () => {
        await kit.fill(10)
        const stranger = await openLogKit(place.location, { ...testSecrets, signing: new Uint8Array(32).fill(9) })
        const forged = stranger.log.checkpoints
        await run('DELETE FROM audit_checkpoints')
        await forged.sign()
        await stranger.log.close()
        expect(await kit.codes()).toEqual(['SIG'])
        await run('DELETE FROM audit_checkpoints')
        expect(await kit.codes(['not a checkpoint'])).toEqual(['SIG'])
      })

      test('an erasure that is widened to another block', async () => {
        await kit.fill(60)
        await kit.erase('person_1')
        const { rows } = await run('SELECT gone_by, gone_proof FROM audit_blocks WHERE sealed IS NULL LIMIT 1')
        await run(
          "UPDATE audit_blocks SET sealed = NULL, subject = NULL, period = NULL, gone_by = ?, gone_proof = ? WHERE seq = 2 AND name = 'actor'",
          Number(rows[0]?.['gone_by']),
          String(rows[0]?.['gone_proof']),
        )
        expect(await kit.codes()).toEqual(['AUTH_SET'])
      })

      test('a key that comes back from a backup', async () => {
        await kit.fill(60)
        const ref = await findKeyRef(kit.log, 'person_1')
        const { rows } = await run('SELECT wrapped FROM audit_keys WHERE ref = ?', ref)
        await kit.erase('person_1')
        await run('UPDATE audit_keys SET wrapped = ?, gone_by = NULL WHERE ref = ?', String(rows[0]?.['wrapped']), ref)
        expect(await kit.codes()).toEqual(['NOT_ERASED'])
      })

      test('an entry that is played again', async () => {
        await kit.fill(60)
        const header = await headerAt(3)
        await run('INSERT INTO audit_entries (seq, header, leaf) VALUES (60, ?, ?)', header, leafHash(header))
        await refit()
        expect(await kit.codes()).toEqual(['SEQ', 'UNAUTHORISED_GAP'])
      })
    })

    test('a log that was begun stays that log: its origin, its keys and its places outlive a restart', async () => {
      await kit.fill(30)
      await kit.log.close()
      kit = await openLogKit(place.location)
      await kit.fill(30)
      const other = await openConnection({ location: place.location, schemas: [auditSchema] })
      expect(await readHead(other, '')).toMatchObject({ origin: testOrigin, size: 60 })
      await other.close()
      expect(await kit.log.verify()).toMatchObject({ ok: true, blocks: { sealed: 0 } })
    })
  })
}
