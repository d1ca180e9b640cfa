/** Questions that are asked of some notes: the scope narrows what is answered from, and never widens it. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { AskDryRun, AskReply, AskScope } from '@cairn/contract'
import { openTeam, take, type Member, type Team } from './kit/team.ts'

let team: Team
let ann: Member

beforeAll(async () => {
  team = await openTeam({
    vaults: {
      harbour: {
        'Boats/Tern.md': '---\ntags: [fleet/small]\n---\nThe ferry Tern leaves the pier at seven in the morning.',
        'Boats/Skua.md': '---\ntags: [Fleet]\n---\nThe ferry Skua leaves the pier at nine in the morning.',
        'Boats2/Gull.md': 'The ferry Gull leaves the pier at noon.',
        'Crew/Pay.md': 'The crew of the ferry that leaves the pier gets 40,000 pounds a year.',
        'Café/Menü.md': 'The ferry café at the pier sells soup.',
      },
    },
  })
  ann = await team.person('Ann')
  await team.grant(ann.principal, 'asker', 'folder:harbour/Boats')
  await team.grant(ann.principal, 'asker', 'folder:harbour/Boats2')
  await team.grant(ann.principal, 'asker', 'folder:harbour/Café')
  await team.grant(ann.principal, 'model-user', 'org:cairn')
})

afterAll(() => team[Symbol.asyncDispose]())

const question = 'When does the ferry leave the pier?'

/** The notes whose passages would be sent. */
async function notesFor(scope?: AskScope, who = ann): Promise<string[]> {
  const { passages } = await take<AskDryRun>(who.send('/v1/ask', { question, dryRun: true, ...(scope && { scope }) }))
  return [...new Set(passages.map(({ note }) => note))].toSorted()
}

describe('a question with a scope', () => {
  test('is answered from the notes that it names', async () => {
    expect(await notesFor()).toEqual(['Boats/Skua.md', 'Boats/Tern.md', 'Boats2/Gull.md', 'Café/Menü.md'])
    expect(await notesFor({ notes: ['Boats/Tern.md', 'Boats2/Gull.md'] })).toEqual(['Boats/Tern.md', 'Boats2/Gull.md'])
    expect(await notesFor({ folders: ['Boats'] })).toEqual(['Boats/Skua.md', 'Boats/Tern.md'])
    expect(await notesFor({ folders: ['Boats/'], notes: ['Boats2/Gull.md'] })).toHaveLength(3)
    expect(await notesFor({ tags: ['#FLEET'] })).toEqual(['Boats/Skua.md', 'Boats/Tern.md'])
    expect(await notesFor({ tags: ['fleet/small'] })).toEqual(['Boats/Tern.md'])
    expect(await notesFor({ folders: ['/'], tags: ['fleet'] })).toEqual(['Boats/Skua.md', 'Boats/Tern.md'])
    expect(await notesFor({ folders: ['Boats2'], tags: ['fleet'] })).toEqual([])
    expect(await notesFor({ notes: ['Cafe\u0301/Menu\u0308.md'] })).toEqual(['Café/Menü.md'])
    const reply = await take<AskReply>(ann.send('/v1/ask', { question, scope: { notes: ['Boats2/Gull.md'] } }))
    expect(reply).toMatchObject({ outcome: 'answered', citations: [{ note: 'Boats2/Gull.md' }] })
  })

  test('says “not found” when they do not have it, and shows nothing of the others', async () => {
    const reply = await take<AskReply>(ann.send('/v1/ask', { question, scope: { notes: ['Boats/None.md'] } }))
    expect(reply).toMatchObject({ outcome: 'not-found', related: [] })
  })

  test('gets nobody a note that they may not read', async () => {
    expect(await notesFor({ folders: ['Crew'] })).toEqual([])
    expect(await notesFor({ notes: ['Crew/Pay.md', 'Boats/Tern.md'] })).toEqual(['Boats/Tern.md'])
    expect(await notesFor({ notes: ['Crew/Pay.md'] }, team.owner)).toEqual(['Crew/Pay.md'])
  })

  test('is refused when the scope names nothing', async () => {
    for (const scope of [{}, { notes: [] }, { folders: [''] }, { note: ['a.md'] }])
      expect((await ann.send('/v1/ask', { question, scope })).status).toBe(400)
  })
})
