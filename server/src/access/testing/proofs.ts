/**
 * What every engine must prove, as programs over an engine that is handed in: the tests hand in ours, the mutation run
 * (`npm run bench -- mutants access`) hands in broken ones, each of which must fail at least one proof.
 */
import { actions, isValidOn, parseResource, scenarioFileSchema, type World } from '@cairn/contract'
import fc from 'fast-check'
import decisions from '../../../test/access/decisions.json'
import type { JudgedNote, NoteFacts } from '../../base/index.ts'
import type { Engine, FilterQuestion, Question } from '../engine/index.ts'
import { administrationProofs } from './administration-proofs.ts'
import { changeProofs } from './change-proofs.ts'
import { denseProofs } from './dense-proofs.ts'
import { explanationProofs } from './explanation-proofs.ts'
import { filterProofs } from './filter-proofs.ts'
import { equal, type Proof } from './proof.ts'
import { specify } from './specification.ts'
import { timeProofs } from './time-proofs.ts'
import {
  contextArbitrary,
  factsArbitrary,
  nowArbitrary,
  questionArbitrary,
  subjectArbitrary,
  worldArbitrary,
} from './worlds.ts'

export const scenarioCount = 81

const scenarios: Proof = {
  name: 'decides the 81 scenarios of the model as it is written',
  run({ compile, runScenarios }) {
    const file = scenarioFileSchema.parse(decisions)
    if (file.world === undefined) throw new Error('the scenarios bring no world')
    const outcomes = runScenarios(compile(file.world), file, 0)
    equal(outcomes.length, scenarioCount)
    equal(
      outcomes.filter(({ passed }) => !passed),
      [],
    )
  },
}

const everyQuestion: Proof = {
  name: 'agrees with the naive specification on every question of random worlds, and says why',
  run({ compile }, { runs: numRuns, seed }) {
    const asked = fc.array(questionArbitrary, { minLength: 5, maxLength: 20 })
    const property = fc.property(worldArbitrary, asked, (world, questions) => {
      const engine = compile(world)
      for (const question of questions) {
        const wanted = specify(world, question)
        equal(engine.check(question), wanted, 'check')
        const { decision, reason } = engine.explain(question, { audience: 'auditor' })
        equal(decision, wanted, 'explain')
        equal(reason === 'granted' || reason === 'break-glass', wanted, `the reason ${reason}`)
      }
    })
    fc.assert(property, { numRuns, seed })
  },
}

const filterQuestion = fc.record({
  subject: subjectArbitrary,
  action: fc.constantFrom('discover', 'read', 'retrieve', 'cite', 'write', 'model.use', 'fly'),
  vault: fc.constantFrom('v1', 'v2', 'v3', 'v1/a', '..'),
  context: contextArbitrary,
  now: nowArbitrary,
})

const manyNotes = fc.array(
  fc.tuple(
    fc.array(fc.constantFrom('a', 'a-b', 'a b', 'a!', 'a0', 'a.b', 'aa', 'ä', '日本', '😀', '～', '%2e%2e', 'A'), {
      minLength: 1,
      maxLength: 4,
    }),
    factsArbitrary,
  ),
  { minLength: 10, maxLength: 40 },
)

type ListedNote = readonly [parts: readonly string[], facts: NoteFacts]

const everyNote: Proof = {
  name: 'admits through a filter exactly the notes that a check allows',
  run({ compile, filters: { admitsNote } }, { runs: numRuns, seed }) {
    const several = fc.array(filterQuestion, { minLength: 3, maxLength: 3 })
    const compareAll = (engine: Engine, asked: FilterQuestion, listed: readonly ListedNote[]) => {
      const filter = structuredClone(engine.filter(asked))
      const notes: JudgedNote[] = listed.map(([parts, facts]) => ({ ...facts, path: parts.join('/') }))
      const isAllowed = (note: JudgedNote) =>
        engine.check({ ...asked, resource: `note:${asked.vault}/${note.path}`, facts: note })
      if (parseResource(`vault:${asked.vault}`) !== null)
        for (const note of notes) equal(admitsNote(filter, note), isAllowed(note), `filter, ${note.path}`)
      equal(
        engine.whichNotes(asked, notes),
        parseResource(`vault:${asked.vault}`) === null ? [] : notes.filter(isAllowed),
      )
    }
    const property = fc.property(worldArbitrary, several, manyNotes, (world, questions, listed) => {
      const engine = compile(world)
      for (const asked of questions) compareAll(engine, asked, listed)
    })
    fc.assert(property, { numRuns, seed: seed + 1 })
  },
}

const everySearch: Proof = {
  name: 'finds in all three directions exactly what a check allows',
  run({ compile }, { runs: numRuns, seed }) {
    const property = fc.property(worldArbitrary, questionArbitrary, (world, question) => {
      const engine = compile(world)
      const { subject: _, ...withoutSubject } = question
      const { action: __, ...withoutAction } = question
      equal(
        engine.whoCan(withoutSubject),
        everybody(world).filter((principal) => engine.check({ ...question, subject: { principal } })),
        'whoCan',
      )
      equal(
        engine.whichActions(withoutAction),
        actions.filter((action) => engine.check({ ...question, action })),
        'whichActions',
      )
      const resources = [
        'org:acme',
        'vault:v1',
        'folder:v1/a',
        'note:v1/a',
        'model:local/s',
        'cache:eng',
        'note:v1/../a',
      ]
      equal(
        engine.whatCan(question, resources),
        resources.filter((resource) => engine.check({ ...question, resource })),
        'whatCan',
      )
    })
    fc.assert(property, { numRuns, seed: seed + 2 })
  },
}

function everybody({ users, services }: World): string[] {
  return [...users.map(({ id }) => `user:${id}`), ...services.map(({ id }) => `service:${id}`)]
}

/** What an engine can be asked of that no small world reaches. */
const lookups: Proof = {
  name: 'asks for the facts of a note only when a statement depends on them, and never trusts their absence',
  run({ compile }) {
    const file = scenarioFileSchema.parse(decisions)
    if (file.world === undefined) throw new Error('the scenarios bring no world')
    const asked: string[] = []
    const factsOf = (resource: string) => {
      asked.push(resource)
      return resource.endsWith('creds.md') ? { tags: ['secret/keys'] } : null
    }
    const looking = compile(file.world, { factsOf })
    const blind = compile(file.world)
    const now = Date.parse('2026-03-05T12:00Z')
    const question = (resource: string, more: Partial<Question> = {}): Question => ({
      subject: { principal: 'user:ana' },
      action: 'read',
      resource,
      now,
      ...more,
    })
    equal(looking.check(question('note:eng/specs/creds.md')), false, 'a tag that the lookup tells')
    equal(looking.check(question('note:eng/specs/api.md')), true, 'a note that does not exist is judged by its folder')
    equal(blind.check(question('note:eng/specs/api.md')), false, 'unknown tags count for a deny')
    equal(blind.check(question('note:eng/specs/api.md', { facts: null })), true, 'no such note')
    equal(looking.check(question('note:eng/specs/api.md', { facts: { tags: ['secret'] } })), false, 'given facts win')
    asked.length = 0
    looking.check(question('folder:eng/specs'))
    looking.check(question('note:eng/specs/api.md', { subject: { principal: 'user:zoe' } }))
    equal(asked, [], 'lookups that nothing needs')
  },
}

const applicability: Proof = {
  name: 'allows no action on a type of resource that the table does not list',
  run({ compile }) {
    const roles = [{ id: 'all', inherits: [], actions: [...actions] }]
    const engine = compile({
      org: 'org:acme',
      epoch: 1,
      revision: '',
      policy: {
        version: 1,
        roles,
        grants: [{ id: 'g', principal: 'user:ana', role: 'all', scope: 'org:acme' }],
        denies: [],
        barriers: [],
        separation: [],
        breakGlass: [],
      },
      users: [{ id: 'ana', groups: [], suspended: false }],
      services: [],
      groups: [],
      keys: [],
      agents: [],
      delegations: [],
      breakGlass: [],
    })
    const samples = {
      org: 'org:acme',
      vault: 'vault:v',
      folder: 'folder:v/a',
      note: 'note:v/a',
      model: 'model:a/b',
      cache: 'cache:c',
    } as const
    for (const [type, resource] of Object.entries(samples) as [keyof typeof samples, string][])
      equal(
        engine.whichActions({ subject: { principal: 'user:ana' }, resource, now: 0 }),
        actions.filter((action) => isValidOn(action, type)),
        type,
      )
  },
}

export const proofs: readonly Proof[] = [
  scenarios,
  lookups,
  applicability,
  ...administrationProofs,
  ...changeProofs,
  ...explanationProofs,
  ...filterProofs,
  everyQuestion,
  everyNote,
  everySearch,
  ...denseProofs,
  ...timeProofs,
]
