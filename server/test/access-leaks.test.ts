/** Leak hunt: two people with folders of their own in shared vaults, and every way to ask; and servers that do leak. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { admitsNote } from '../src/base/index.ts'
import type { RetrieveRequest, Vaults } from '../src/vaults/index.ts'
import { hunt, openGround, topics, type Ground } from './access/leak-hunt.ts'

setDefaultTimeout(240_000)

let ground: Ground
beforeAll(async () => {
  ground = await openGround()
})
afterAll(() => ground[Symbol.asyncDispose]())

/** Long enough that each kind of question is asked of each topic and place. */
const turns = 170
/** What a broken twin is given; it is caught long before. */
const fewTurns = topics.length * 4

test('500 questions over both: nothing of one carries a word of the other, and nobody is given less', async () => {
  const { leaks, shortages, questions, sightings, cacheHits } = await hunt(ground, turns)
  expect(leaks).toEqual([])
  expect(shortages).toEqual([])
  expect(questions).toBeGreaterThanOrEqual(500)
  expect(sightings).toBeGreaterThan(questions / 3)
  expect(cacheHits).toBeGreaterThan(20)
})

/** Puts a broken part in place for one hunt, with nothing cached before and after. */
async function huntTwin(part: 'access' | 'vaults', twin: object) {
  const { team } = ground
  const whole = team.app[part]
  const good = Object.fromEntries(Object.keys(twin).map((name) => [name, whole[name as never]]))
  const forget = () => team.owner.send('/api/cache/invalidate', { scopes: ['*'] })
  try {
    Object.assign(whole, twin)
    await forget()
    return await hunt(ground, fewTurns)
  } finally {
    Object.assign(whole, good)
    await forget()
  }
}

test('a server that filters after the best were chosen is caught: somebody is given less than there is', async () => {
  const { vaults } = ground.team.app
  const [search, retrieve] = [vaults.search.bind(vaults), vaults.retrieve.bind(vaults)]
  const open = (request: RetrieveRequest) => ({
    ...request,
    vaults: request.vaults.map(({ id }) => ({ id, filter: { kind: 'all' } as const })),
  })
  async function keep<T extends { vault: string; note: string }>(found: T[], request: RetrieveRequest): Promise<T[]> {
    const kept: T[] = []
    for (const each of found) {
      const filter = request.vaults.find(({ id }) => id === each.vault)?.filter
      const facts = (await vaults.factsOf(each.vault, [each.note])).get(each.note)
      if (filter && facts && admitsNote(filter, { ...facts, path: each.note })) kept.push(each)
    }
    return kept
  }
  const { leaks, shortages } = await huntTwin('vaults', {
    search: async (request, signal) => keep(await search(open(request), signal), request),
    retrieve: async (request, signal) => keep(await retrieve(open(request), signal), request),
  } satisfies Partial<Vaults>)
  expect(shortages).not.toEqual([])
  // The words themselves it keeps back: only the counts tell.
  expect(leaks).toEqual([])
})

test('a server that skips the check is caught', async () => {
  const { leaks } = await huntTwin('access', { filter: () => ({ kind: 'all' }) })
  for (const kind of ['search', 'ask', 'ask streamed', 'list', 'related', 'dry run', 'read foreign'])
    expect(leaks.filter((leak) => leak.includes(` ${kind} “`)).length).toBeGreaterThan(0)
  expect(leaks.filter((leak) => leak.includes('its prompt')).length).toBeGreaterThan(0)
})

test('a server that checks reading and forgets what enters a prompt is caught', async () => {
  const { access } = ground.team.app
  const filter = access.filter.bind(access)
  const { leaks } = await huntTwin('access', {
    filter: (...[principal, action, ...rest]: Parameters<typeof filter>) =>
      action === 'retrieve' || action === 'cite' ? { kind: 'all' } : filter(principal, action, ...rest),
  })
  expect(leaks.filter((leak) => leak.includes('its prompt')).length).toBeGreaterThan(0)
  expect(leaks.filter((leak) => leak.includes(' search “'))).toEqual([])
})
