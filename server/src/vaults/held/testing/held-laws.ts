/**
 * The law of what is held, as a check that a test runs on the real program and on broken twins of it: whatever is done
 * to the notes of a vault, what a note once said and nobody let go protects it on. Written against what rules go by,
 * with its own memory of what was said, and not against how it is kept.
 */
import { highestLabel, isUnderTag, labelRank, type Condition, type Label, type Scalar } from '@cairn/contract'
import fc from 'fast-check'
import { judgeNote, type NoteFacts } from '../../../base/index.ts'
import { judgedFacts, usualLabel, type Held, type OwnFacts, type Protection } from '../held-facts.ts'
import type { Keeper, Sighting } from '../keeper.ts'

export const protection: Protection = {
  isTeam: true,
  tags: ['secret', 'secret/keys', 'hr'],
  conditions: [
    ['resource.label', '==', 'confidential'],
    ['resource.owner', '==', 'ana'],
    ['resource.property.status', 'in', ['draft', 'review']],
    ['resource.property.status', '==', 'secret'],
    ['resource.property.level', '<', 3],
  ],
  places: ['folder:v/c', 'folder:v/c/e', 'note:v/b.md', 'folder:other/a.md', 'folder:v/d'],
}

const own: fc.Arbitrary<OwnFacts> = fc.record({
  tags: fc.subarray(['secret', 'secret/keys', 'secret/old', 'hr', 'hr/pay', 'open']),
  label: fc.constantFrom(null, 'public' as const, 'internal' as const, 'confidential' as const, 'restricted' as const),
  owner: fc.constantFrom(null, 'ana', 'ben'),
  properties: fc.record(
    {
      status: fc.constantFrom<Scalar>('draft', 'review', 'secret', 'final', 7),
      level: fc.constantFrom<Scalar>(1, 5, 'x', true),
    },
    { requiredKeys: [] },
  ),
})

const paths = ['a.md', 'b.md', 'c/d.md', 'c/e/f.md', 'd/g.md'] as const

export type Step =
  | { readonly do: 'write'; readonly path: string; readonly own: OwnFacts }
  | { readonly do: 'move'; readonly path: string; readonly to: string; readonly own: OwnFacts }
  | { readonly do: 'delete' | 'confirm' | 'look'; readonly path: string }
  /** The index is deleted and made anew, or the process started again. */
  | { readonly do: 'reindex' | 'restart' }

const path = fc.constantFrom(...paths)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('write' as const), path, own }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('move' as const), path, to: path, own }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom('delete' as const, 'confirm' as const, 'look' as const), path }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('reindex' as const, 'restart' as const) }) },
)
export const steps = fc.array(step, { minLength: 2, maxLength: 14 })

interface Entry {
  own: OwnFacts
  held: Held | null
}

/** All that was said under a path since somebody last confirmed. */
interface Said {
  readonly label: Label
  readonly tags: readonly string[]
  readonly values: readonly (readonly [string, Scalar])[]
  /** Where it was. */
  readonly places: readonly string[]
}

const nothingSaid: Said = { label: 'public', tags: [], values: [], places: [] }

/** Runs the steps as the indexing thread would; rejects at the first thing that came loose. */
export async function checkHeld(open: () => Keeper, todo: readonly Step[]): Promise<void> {
  let keeper = open()
  let index = new Map<string, Entry>()
  const said = new Map<string, Said>()
  const take = async (sightings: readonly Sighting[]) => {
    const held = await keeper.decide('v', sightings)
    for (const { path: at, from, now } of sightings) {
      if (from !== undefined) index.delete(from)
      if (now === null) index.delete(at)
      else index.set(at, { own: now, held: held[at] ?? null })
    }
  }
  const hear = (at: string, now: OwnFacts, moved?: string) =>
    said.set(
      at,
      [said.get(at), moved === undefined ? undefined : said.get(moved), sayingOf(at, now)].reduce<Said>(
        (all, each) => (each === undefined ? all : joinSaid(all, each)),
        nothingSaid,
      ),
    )
  const sight = (at: string, now: OwnFacts | null, from?: string): Sighting => ({
    path: at,
    ...(from === undefined ? {} : { from }),
    before: index.get(from ?? at)?.own ?? null,
    now,
    body: '',
    isNewBody: false,
  })
  for (const each of todo) {
    if (each.do === 'write') {
      hear(each.path, each.own)
      await take([sight(each.path, each.own)])
    } else if (each.do === 'move' && index.has(each.path) && !index.has(each.to)) {
      hear(each.to, each.own, each.path)
      said.delete(each.path)
      await take([sight(each.to, each.own, each.path)])
    } else if (each.do === 'delete' && index.has(each.path)) await take([sight(each.path, null)])
    else if (each.do === 'look' && index.has(each.path))
      await take([sight(each.path, index.get(each.path)?.own ?? null)])
    else if (each.do === 'confirm' && index.has(each.path)) {
      const { own: now } = index.get(each.path) as Entry
      await keeper.release('v', each.path, now, null)
      said.set(each.path, sayingOf(each.path, now))
      await take([sight(each.path, now)])
      if (index.get(each.path)?.held !== null) throw new Error('what was let go is held on')
    } else if (each.do === 'restart') keeper = open()
    else if (each.do === 'reindex') {
      const files = [...index]
      index = new Map()
      await take(files.map(([at, { own: now }]) => sight(at, now)))
    }
    for (const [at, { own: now, held }] of index) inspect(at, now, held, said.get(at) ?? nothingSaid)
  }
}

function sayingOf(at: string, { tags, label, owner, properties }: OwnFacts): Said {
  const values = Object.entries(properties).map(([name, value]) => [`resource.property.${name}`, value] as const)
  return {
    // A note without a label counts as internal, but has not said so.
    label: label ?? 'public',
    tags,
    values: [
      ...values,
      ...(owner === null ? [] : [['resource.owner', owner] as const]),
      ...(label === null ? [] : [['resource.label', label] as const]),
    ],
    places: [at],
  }
}

function joinSaid(one: Said, other: Said): Said {
  return {
    label: highestLabel(one.label, other.label),
    tags: [...one.tags, ...other.tags],
    values: [...one.values, ...other.values],
    places: [...one.places, ...other.places],
  }
}

function inspect(at: string, now: OwnFacts, held: Held | null, { label, tags, values, places }: Said): void {
  const facts = judgedFacts(now, held)
  const inForce = held?.label == null ? (now.label ?? usualLabel) : highestLabel(now.label ?? usualLabel, held.label)
  if (labelRank(inForce) < labelRank(label)) throw new Error(`${at}: the label fell from ${label} to ${inForce}`)
  for (const named of protection.tags) {
    const has = (some: readonly string[]) => some.some((tag) => isUnderTag(tag, named))
    if (has(tags) && !has(facts.tags)) throw new Error(`${at}: lost the tag ${named}`)
    if (!has(tags) && has(facts.tags)) throw new Error(`${at}: has the tag ${named} from nowhere`)
  }
  for (const condition of protection.conditions) {
    const counts = (some: NoteFacts) => judgeNote([condition], some) !== false
    const wasSaid = values.some(([attribute, value]) => attribute === condition[0] && counts(factsOf(attribute, value)))
    if (wasSaid && !counts(facts)) throw new Error(`${at}: ${condition.join(' ')} does not count any more`)
  }
  const inForceAt = facts.places ?? []
  for (const scope of protection.places) {
    const isIn = (of: string) => `v/${of}` === scope.slice(5) || `v/${of}`.startsWith(`${scope.slice(7)}/`)
    if (places.some(isIn) && ![at, ...inForceAt].some(isIn)) throw new Error(`${at}: came loose of ${scope}`)
    if (inForceAt.some(isIn) && !places.some(isIn)) throw new Error(`${at}: was never in ${scope}`)
  }
  if (held !== null && isSaid(now, held)) throw new Error(`${at}: holds what the note says itself`)
}

/** Nothing is to be held of a note that says as much as ever: people would confirm without looking. */
function isSaid(now: OwnFacts, held: Held): boolean {
  const isLabelSaid = held.label !== null && held.label === now.label
  return isLabelSaid || held.tags.some((tag) => now.tags.includes(tag))
}

function factsOf(attribute: Condition[0], value: Scalar): NoteFacts {
  if (attribute === 'resource.label') return { tags: [], label: value as Label }
  if (attribute === 'resource.owner') return { tags: [], owner: String(value) }
  return { tags: [], properties: { [attribute.slice('resource.property.'.length)]: value } }
}
