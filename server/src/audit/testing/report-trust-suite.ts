/** Reports carry a signed root: what is not below it is in none of them. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { auditReportIds } from '@cairn/contract'
import type { MakePlace, Place } from '../../storage/testing/places.ts'
import { readHashes } from '../log/append.ts'
import { createTreeReader } from '../log/tree-reader.ts'
import { writeCheckpoint } from '../tree/checkpoint.ts'
import { leafHash } from '../tree/merkle.ts'
import { createNoteSigner } from '../tree/signed-note.ts'
import { foldTile, joinHashes } from '../tree/tiles.ts'
import { testOrigin } from './log-kit.ts'
import { openReportKit, type ReportKit } from './report-kit.ts'

export function describeReportTrust(name: string, makePlace: MakePlace): void {
  describe(name, () => {
    let place: Place
    let kit: ReportKit
    beforeEach(async () => {
      place = await makePlace()
      kit = await openReportKit(place)
    })
    afterEach(async () => {
      await kit.log.close()
      await place.remove()
    })
    const ask: ReportKit['ask'] = (...args) => kit.ask(...args)

    test.each([
      ['its leaf as it was', false],
      ['its leaf, tile and head as they would be', true],
    ])('is not made of an entry that somebody changed, %s', async (_name, isThorough) => {
      await kit.fill(600)
      const { run } = kit.log.connection
      const { rows } = await run('SELECT header FROM audit_entries WHERE seq = 300')
      const header = String(rows[0]?.['header'])
        .replace(/"type":"[^"]+"/, '"type":"note.read"')
        .replace('"ok"', '"refused"')
      expect(header).not.toBe(String(rows[0]?.['header']))
      await run('UPDATE audit_entries SET header = ? WHERE seq = 300', [header])
      if (isThorough) {
        await run('UPDATE audit_entries SET leaf = ? WHERE seq = 300', [leafHash(header)])
        const hashes = joinHashes(await readHashes(kit.log.connection, 0, 1, 256))
        await run('UPDATE audit_tiles SET hashes = ?, root = ? WHERE level = 0 AND idx = 1', [
          hashes,
          foldTile(hashes, 0, 256),
        ])
        const frontier = await createTreeReader(kit.log.connection, 600).frontier(600)
        await run('UPDATE audit_head SET frontier = ?', [joinHashes(frontier.hashes)])
      }
      for (const id of auditReportIds) if (id !== 'health') expect(ask(id)).rejects.toThrow('not those it signed')
      const { rows: health } = await ask('health')
      expect(health('checks')[1]).toMatchObject({
        state: 'look at it',
        value: `some among ${isThorough ? 600 : 256} are not`,
      })
    })

    test('is made of a pruned log, and not with a checkpoint that somebody else signed', async () => {
      await kit.fill(700)
      await kit.log.prune(kit.by(), 512)
      await kit.log.checkpoints.sign()
      for (const id of auditReportIds) expect((await ask(id)).basis.pin.minIndex).toBe(512)
      const stranger = createNoteSigner(testOrigin, new Uint8Array(32).fill(9))
      const { size } = await kit.log.head()
      const forged = writeCheckpoint({ origin: testOrigin, size, root: new Uint8Array(32) }, [stranger])
      await kit.log.connection.run('UPDATE audit_checkpoints SET note = ? WHERE size = ?', [forged, size])
      expect(ask('usage')).rejects.toThrow('not the one that was signed')
    })
  })
}
