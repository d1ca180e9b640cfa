/** One vault with a barrier, rules on tags and notes that name each other; who may see all of it, and who may not. */
import { mkdir, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { AskDryRun, AskReply, SearchResult } from '@cairn/contract'
import { until } from '../harness.ts'
import { openTeam, take, type Member, type Team } from '../kit/team.ts'
import { startUpstream, type Upstream } from '../kit/upstream.ts'

export interface ChannelLab extends AsyncDisposable {
  readonly team: Team
  readonly upstream: Upstream
  /** Asks the whole vault but what is behind the barrier. */
  readonly ann: Member
  /** Inside the barrier, and outside. */
  readonly leo: Member
  readonly notesPath: string
  read(member: Member, note: string): Promise<Response>
  search(member: Member, query: string, limit?: number): Promise<SearchResult[]>
  ask(member: Member, question: string, more?: object): Promise<AskReply>
  dryRun(member: Member, question: string, model: string): Promise<AskDryRun>
  /** What models were sent since there were so many requests. */
  promptsSince(at: number): string
  listAll(member: Member, limit?: number): Promise<string[]>
  move(from: string, to: string): Promise<void>
  /** Until the index knows what is on disk. */
  untilIndexed(note: string, isThere?: boolean): Promise<void>
}

const many = (count: number, make: (at: number) => [string, string]) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => make(at)))

const vaults = {
  eng: {
    'open/embed.md': '# Embed\n\nThe takeover is described here. ![[merger]] The plan is [[Project Falcon]].\n',
    'open/plain.md': '# Plain\n\nThe kettle boils on the stove.\n',
    'open/refused.md': '---\nai: false\n---\n# Refused\n\nThe walrus canaryrefused sleeps on the ice floe.\n',
    'open/confidential.md':
      '---\ntags: [confidential]\n---\n# Confidential\n\nThe narwhal canaryconfidential dives below the ice.\n',
    'secret/merger.md': '# Merger\n\nThe takeover closes in May, says canarymerger.\n',
    'secret/Project Falcon.md': '# Project Falcon\n\nThe canaryfalcon flies. See [[embed]].\n',
    'größe/maß.md': '# Maß\n\nThe canaryumlaut measures.\n',
    ...many(12, (at) => [`open/otter ${at}.md`, `# Otter ${at}\n\nThe otter rests near the bank, part ${at}.\n`]),
    ...many(30, (at) => [
      `secret/otter ${at}.md`,
      `# Otter otter\n\nOtter otter otter: the otter rests, an otter of otters ${at}.\n`,
    ]),
    ...many(12, (at) => [
      `open/hush ${at}.md`,
      `---\ntags: [hush/deep]\n---\n# Otter otter\n\nOtter otter otter otter, the otter ${at}.\n`,
    ]),
  },
  other: { 'x.md': '# X\n\nNothing.\n' },
}

export const encodePath = (path: string) => path.split('/').map(encodeURIComponent).join('/')

export async function openChannelLab(): Promise<ChannelLab> {
  const upstream = await startUpstream({ models: ['echo'] })
  const team = await openTeam({
    vaults,
    config: {
      upstreams: ['near', 'far'].map((id) => ({
        id,
        dialect: 'openai',
        baseUrl: upstream.url,
        egress: id === 'near' ? 'local' : 'external',
        clearance: 'restricted',
        models: [id === 'near' ? 'echo' : 'echo-far'],
      })),
    },
  })
  const ann = await team.person('Ann')
  const leo = await team.person('Leo')
  await team.grant(ann.principal, 'asker', 'vault:eng')
  await team.grant(leo.principal, 'asker', 'vault:eng')
  await team.grant(leo.principal, 'asker', 'folder:eng/secret')
  await team.change((document) => ({
    ...document,
    barriers: [{ scope: 'folder:eng/secret' }],
    denies: [
      { id: 'd.hush', principal: ann.principal, actions: ['discover'], scope: 'tag:hush' },
      {
        id: 'd.egress',
        principal: 'group:everyone',
        actions: ['retrieve'],
        scope: 'tag:confidential',
        when: [['model.egress', '==', 'external']],
      },
    ],
  }))
  return {
    ...makeCalls(team, upstream),
    team,
    upstream,
    ann,
    leo,
    async [Symbol.asyncDispose]() {
      await team[Symbol.asyncDispose]()
      await upstream.close()
    },
  }
}

function makeCalls(
  team: Team,
  upstream: Upstream,
): Omit<ChannelLab, 'team' | 'upstream' | 'ann' | 'leo' | typeof Symbol.asyncDispose> {
  const notesPath = `/api/vaults/${team.vaultIds['eng']}/notes`
  const path = (note: string) => join(team.folderOf('eng'), note)
  const post = (member: Member, body: object) => member.send('/v1/ask', { vault: 'eng', ...body })
  return {
    notesPath,
    read: (member, note) => member.call(`${notesPath}/${encodePath(note)}`),
    async search(member, query, limit = 10) {
      const asked = member.send('/v1/search', { vault: 'eng', query, limit })
      return (await take<{ results: SearchResult[] }>(asked)).results
    },
    ask: (member, question, more = {}) => take(post(member, { question, model: 'extractive', ...more })),
    dryRun: (member, question, model) => take(post(member, { question, model, dryRun: true })),
    promptsSince: (at) =>
      upstream.requests
        .slice(at)
        .map(({ body }) => new TextDecoder().decode(body))
        .join('\n'),
    async listAll(member, limit = 1_000) {
      const found: string[] = []
      for (let after: string | null = ''; after !== null;) {
        const from = after === '' ? '' : `&after=${encodeURIComponent(after)}`
        const page: { notes: { note: string }[]; next: string | null } = await take(
          member.call(`${notesPath}?limit=${limit}${from}`),
        )
        found.push(...page.notes.map(({ note }) => note))
        after = page.next
      }
      return found
    },
    async move(from, to) {
      await mkdir(dirname(path(to)), { recursive: true })
      await rename(path(from), path(to))
    },
    untilIndexed: (note, isThere = true) =>
      until(`${note} is ${isThere ? '' : 'not '}indexed`, async () => {
        const facts = await team.app.vaults.factsOf(team.vaultIds['eng'] ?? '', [note])
        return facts.has(note) === isThere
      }),
  }
}
