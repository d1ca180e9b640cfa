/** Two devices and a real server: whatever happens, nothing is lost, nothing deleted comes back, nothing excluded leaves. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { SyncParts } from '../../plugin/src/core/sync/index.ts'
import { openDirectStore, type Store } from '../src/storage/index.ts'
import { vaultsSchema } from '../src/vaults/index.ts'
import { openServer, type OpenServer } from './kit/open-server.ts'
import { httpTransport, makeVault } from './sync/device.ts'
import { story, tellStory, type Lab, type Step } from './sync/laws.ts'

let server: OpenServer
let store: Store

beforeAll(async () => {
  server = await openServer({})
  const location = { kind: 'sqlite', file: join(server.dataDirectory, 'cairn.db'), durability: 'normal' } as const
  store = await openDirectStore({ location, schemas: [vaultsSchema] })
})

afterAll(async () => {
  await store.close()
  await server[Symbol.asyncDispose]()
})

async function openLab(): Promise<Lab> {
  const vault = await makeVault(server.call, 'Field notes')
  return {
    transport: httpTransport(server.call, vault),
    async read() {
      const rows = await store.read('SELECT * FROM vaults_synced_notes WHERE vault = ?', [vault])
      const [state] = await store.read('SELECT seq, publisher FROM vaults_synced WHERE vault = ?', [vault])
      const notes = rows.map((row) => ({
        path: String(row['path']),
        text: String(row['text']),
        seq: Number(row['seq']),
        device: String(row['device']),
        isDeleted: Number(row['deleted']) === 1,
      }))
      const publisher = state?.['publisher']
      return {
        notes: new Map(notes.map((note) => [note.path, note])),
        seq: Number(state?.['seq']),
        publisher: typeof publisher === 'string' ? publisher : null,
      }
    },
  }
}

const law = (change?: (parts: SyncParts) => SyncParts) =>
  fc.asyncProperty(story, async (steps: Step[]) => tellStory(await openLab(), steps, change))

/** A note that is deleted, and written again between the server’s answer and the deletion. */
const writtenAgain: Step[] = [
  { kind: 'write', who: 0, path: 'Private/c.md', text: 'one' },
  { kind: 'run', who: 0 },
  { kind: 'remove', who: 0, path: 'Private/c.md' },
  { kind: 'meanwhile', who: 0, after: 0, path: 'Private/c.md', text: 'one' },
  { kind: 'run', who: 0 },
]

test('whatever two devices do, the laws hold', async () => {
  const numRuns = Number(process.env['CAIRN_TEST_STORIES'] ?? 40)
  await fc.assert(law(), { numRuns, examples: [[writtenAgain]] })
}, 240_000)

/** Programs that are wrong in one way each. */
const twins: Record<string, (parts: SyncParts) => SyncParts> = {
  'takes conflicts for notes to send': (parts) => ({
    ...parts,
    transport: {
      ...parts.transport,
      async compare(request) {
        const reply = await parts.transport.compare(request)
        const sent = reply.conflicts.filter(({ kind }) => kind !== 'missing')
        return {
          ...reply,
          conflicts: [],
          need: [...reply.need, ...sent.map(({ path, version }) => ({ path, match: version }))],
        }
      },
    },
  }),
  'deletes what it never had': (parts) => ({
    ...parts,
    transport: {
      ...parts.transport,
      async compare(request) {
        const reply = await parts.transport.compare({
          ...request,
          base: request.deleted.length > 0 ? 1e9 : request.base,
        })
        const missing = reply.conflicts.filter(({ kind }) => kind === 'missing')
        return { ...reply, conflicts: [], gone: [...reply.gone, ...missing.map(({ path }) => path)] }
      },
    },
  }),
  'believes to have seen everything': (parts) => ({
    ...parts,
    state: { ...parts.state, load: async () => ({ ...(await parts.state.load()), base: 1e9 }) },
  }),
  'goes by what was excluded at its start': (parts) => {
    const first = parts.exclusions()
    return { ...parts, exclusions: () => first }
  },
  'reads a note once': (parts) => ({
    ...parts,
    known: {
      ...parts.known,
      async get(path) {
        const note = await parts.known.get(path)
        const local = parts.vault.list().find((each) => each.path === path)
        return note === null || local === undefined ? note : { ...note, mtimeMs: local.mtimeMs, size: local.size }
      },
    },
  }),
  'tells nothing of deletions': (parts) => ({
    ...parts,
    transport: {
      compare: async (request) => ({ ...(await parts.transport.compare({ ...request, deleted: [] })), gone: [] }),
      write: (request) => parts.transport.write({ ...request, deleted: [] }),
    },
  }),
}

describe('a program is caught that', () => {
  for (const [name, change] of Object.entries(twins))
    test(
      name,
      async () => {
        const found = await fc.check(law(change), { numRuns: 150, endOnFailure: true })
        expect(found.failed).toBe(true)
      },
      120_000,
    )
})
