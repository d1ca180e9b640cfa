/**
 * Two people whose folders share no note and all their topics, in two vaults. Whatever one of them asks, nothing that
 * comes back, nothing that a model is sent and nothing that the server tells of itself may carry a word that stands in
 * the other’s folders only; and what comes back is as much as if the other’s notes were not there.
 */
import type { AskReply, HistoryTurn, SearchResult } from '@cairn/contract'
import { gather, parseEvents } from '../harness.ts'
import { openTeam, type Member, type Team } from '../kit/team.ts'
import { startUpstream, type Upstream } from '../kit/upstream.ts'

export const topics = ['harbour', 'budget', 'salary', 'roadmap', 'sensor', 'holiday', 'pier', 'gull'] as const
const vaults = ['north', 'south'] as const
const people = ['ann', 'ben'] as const
type Name = (typeof people)[number]

/** A word that is in one folder only; letters alone, so that it is one token everywhere. */
const canaryOf = (person: Name, vault: string) => `canary${person}${vault}`
const canariesOf = (person: Name) => vaults.map((vault) => canaryOf(person, vault))
const otherOf = (person: Name): Name => (person === 'ann' ? 'ben' : 'ann')

/** Notes of each topic in each folder: more than are asked for. */
const perTopic = 3
export const asked = 5

/** Of each topic the notes of one of the two fit better, so that they fill the first places of an unfiltered search. */
function notesOf(person: Name, vault: string): [string, string][] {
  const canary = canaryOf(person, vault)
  return topics.flatMap((topic, at) => {
    const isBetter = at % 2 === people.indexOf(person)
    const repeated = isBetter ? `The ${topic} plan is the ${topic} plan of the ${topic}. ` : ''
    return Array.from({ length: perTopic }, (_, nth): [string, string] => [
      `${person}/${topic} ${canary} ${nth}.md`,
      `---\ntags: [${canary}]\naliases: [${canary} ${topic}]\n---\n# ${topic} ${canary}\n\n${repeated}The ${topic} plan says ${canary} in part ${nth}. [[${topic} ${canary} ${(nth + 1) % perTopic}]]\n`,
    ])
  })
}

/** Read by both; each of these names a note of both, under names that tell nothing. */
const common = topics.map((topic): [string, string] => [
  `common/${topic}.md`,
  `# Common ${topic}\n\nThe ${topic} is shared. See [[Ledger ann]] and ![[Ledger ben]].\n`,
])

const notes = Object.fromEntries(
  vaults.map((vault) => [
    vault,
    Object.fromEntries([
      ...people.flatMap((person) => notesOf(person, vault)),
      ...people.map((person): [string, string] => [
        `${person}/Ledger ${person}.md`,
        `# Ledger ${canaryOf(person, vault)}\n\nThe ledger says ${canaryOf(person, vault)}. See [[common/pier]] and [[common/gull]].\n`,
      ]),
      ...common,
    ]),
  ]),
)

export interface Ground extends AsyncDisposable {
  readonly team: Team
  readonly upstream: Upstream
  readonly members: Readonly<Record<Name, Member>>
}

export async function openGround(): Promise<Ground> {
  const upstream = await startUpstream({ models: ['echo'] })
  const team = await openTeam({
    vaults: notes,
    config: {
      upstreams: [{ id: 'near', dialect: 'openai', baseUrl: upstream.url, egress: 'local', models: ['echo'] }],
    },
  })
  const members = { ann: await team.person('Ann'), ben: await team.person('Ben') }
  for (const person of people)
    for (const vault of vaults)
      for (const folder of [person, 'common'])
        await team.grant(members[person].principal, 'asker', `folder:${vault}/${folder}`)
  return {
    team,
    upstream,
    members,
    async [Symbol.asyncDispose]() {
      await team[Symbol.asyncDispose]()
      await upstream.close()
    },
  }
}

export interface Hunt {
  /** What carried what, in words. */
  readonly leaks: readonly string[]
  /** Where somebody was given less than there is for them. */
  readonly shortages: readonly string[]
  readonly questions: number
  /** How often the own canaries came back: it was worth watching. */
  readonly sightings: number
  readonly cacheHits: number
}

interface Asking {
  readonly person: Name
  readonly member: Member
  readonly topic: string
  readonly turn: number
  readonly vault: string | undefined
  readonly headers: Record<string, string>
}

/** `count` questions by each of the two in turn, of every kind; every second one again, from the cache. */
export async function hunt(ground: Ground, count: number): Promise<Hunt> {
  const found = { leaks: [] as string[], shortages: [] as string[], questions: 0, sightings: 0, cacheHits: 0 }
  const histories: Record<Name, HistoryTurn[]> = { ann: [], ben: [] }
  for (let turn = 0; turn < count; turn++)
    for (const person of people) {
      const topic = topics[turn % topics.length] ?? 'pier'
      const vault = [undefined, ...vaults][Math.floor(turn / kinds.length) % 3]
      const headers: Record<string, string> = turn % 7 === 6 ? { 'x-cairn-cache': 'bypass' } : {}
      const asking = { person, member: ground.members[person], topic, turn, vault, headers }
      for (let again = 0; again <= turn % 2; again++) {
        found.questions++
        await askOne(ground, asking, histories[person], found)
      }
    }
  await lookAround(ground, found)
  return found
}

interface Found {
  leaks: string[]
  shortages: string[]
  sightings: number
  cacheHits: number
}

async function askOne({ upstream, team }: Ground, asking: Asking, history: HistoryTurn[], found: Found): Promise<void> {
  const kind = kinds[asking.turn % kinds.length] ?? 'search'
  const sentBefore = upstream.requests.length
  const reply = await send(kind, asking, { team, history })
  const text = await reply.text()
  const heard = `${[...reply.headers].join('\n')}\n${text}`
  const prompts = upstream.requests.slice(sentBefore).map(({ body }) => new TextDecoder().decode(body))
  const what = `${asking.person} ${kind} “${asking.topic}” (${reply.status})`
  for (const canary of canariesOf(otherOf(asking.person))) {
    if (heard.toLowerCase().includes(canary)) found.leaks.push(`${what} carries ${canary}`)
    if (prompts.some((prompt) => prompt.includes(canary))) found.leaks.push(`${what}: its prompt carries ${canary}`)
  }
  if (canariesOf(asking.person).some((canary) => heard.includes(canary))) found.sightings++
  if (/"status":"hit"|x-cairn-cache,hit/.test(heard)) found.cacheHits++
  if (kind === 'search' || kind === 'search by words') {
    const { results } = JSON.parse(text) as { results: SearchResult[] }
    if (results.length < asked) found.shortages.push(`${what}: ${results.length} of ${asked}`)
  }
  if (kind === 'list' && (JSON.parse(text) as { notes: unknown[] }).notes.length < 10)
    found.shortages.push(`${what}: less than a page`)
  if (kind === 'ask' && reply.ok) remember(history, asking, JSON.parse(text) as AskReply)
  if (kind === 'ask streamed' && reply.ok) remember(history, asking, gather(parseEvents(text)))
}

function remember(history: HistoryTurn[], { topic }: Asking, { answer = '', receipt }: Partial<AskReply>): void {
  const label = receipt === undefined ? {} : { label: receipt.label }
  history.splice(
    0,
    history.length,
    { role: 'user', content: `What of the ${topic} plan?` },
    { role: 'assistant', content: answer, ...label },
  )
}

const kinds = [
  'search',
  'ask',
  'search by words',
  'ask streamed',
  'list',
  'ask a model',
  'read',
  'follow up',
  'related',
  'dry run',
  'read foreign',
  'chat',
  'ask by canary',
] as const

const pathOf = (path: string) => path.split('/').map(encodeURIComponent).join('/')

// oxlint-disable-next-line complexity -- one short case for each kind
function send(
  kind: (typeof kinds)[number],
  { person, member, topic, turn, vault, headers }: Asking,
  { team, history }: { team: Team; history: readonly HistoryTurn[] },
): Promise<Response> {
  const within = vault === undefined ? {} : { vault }
  const at = vault ?? 'north'
  const other = otherOf(person)
  const question = `What does the ${topic} plan say?`
  const post = (path: string, body: object) => member.send(path, body, 'POST', headers)
  const ask = (body: object) => post('/v1/ask', { ...within, model: 'extractive', question, ...body })
  const vaultPath = `/api/vaults/${team.vaultIds[at]}`
  switch (kind) {
    case 'search':
      return post('/v1/search', { ...within, query: question, limit: asked })
    case 'search by words':
      return post('/v1/search', { ...within, query: `${topic} plan`, limit: asked, mode: 'keyword' })
    case 'ask':
      return ask({})
    case 'ask streamed':
      return ask({ stream: true })
    case 'ask a model':
      return ask({ model: 'echo', stream: turn % 2 === 0 })
    case 'follow up':
      return ask({ question: 'And what else does it say?', history })
    case 'dry run':
      return ask({ model: 'echo', dryRun: true })
    case 'ask by canary':
      return ask({ question: `What does ${canaryOf(other, at)} say of the ${topic}?` })
    case 'chat':
      return post('/v1/chat/completions', { model: 'echo', messages: [{ role: 'user', content: question }] })
    case 'list':
      return member.call(`${vaultPath}/notes?limit=10`)
    case 'read':
      return member.call(`${vaultPath}/notes/${pathOf(`common/${topic}.md`)}`)
    case 'related':
      return member.call(`${vaultPath}/related/${pathOf(`common/${topic}.md`)}`)
    case 'read foreign':
      return member.call(`${vaultPath}/notes/${pathOf(`${other}/Ledger ${other}.md`)}`)
  }
}

/** What the server tells of itself, to everybody and to who runs it. */
async function lookAround({ team, members }: Ground, found: Found): Promise<void> {
  const paths = [
    '/metrics',
    '/openapi.json',
    '/readyz',
    '/api/vaults',
    '/api/usage?by=user',
    '/api/models',
    '/api/access/matrix',
  ]
  const carried = (person: Name, text: string) => canariesOf(otherOf(person)).filter((canary) => text.includes(canary))
  for (const person of people)
    for (const path of paths)
      for (const canary of carried(person, await (await members[person].call(path)).text()))
        found.leaks.push(`${person} ${path} carries ${canary}`)
  const log = team.logLines.join('\n')
  for (const canary of people.flatMap(canariesOf))
    if (log.includes(canary)) found.leaks.push(`the log carries ${canary}`)
}
