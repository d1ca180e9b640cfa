/**
 * The decision on all notes of a vault at once. A folder is one range of paths, so a person’s statements become sets of
 * ranges: what is granted, less what stands behind a barrier below the grant, less what is denied, within every bound.
 * What only the note can tell, its tags, label, owner and properties, stays in the filter as it was written.
 *
 * It must admit exactly the notes that `judge` allows; `worlds.test.ts` compares them over random worlds.
 */
import { parseResource, type Resource } from '@cairn/contract'
import {
  everyPath,
  folderRange,
  intersect,
  noPath,
  someNotes,
  subtract,
  unite,
  type NoteFilter,
  type PathRanges,
  type SomeNotes,
} from '../../base/index.ts'
import type { Barriers, Compiled } from './compiled.ts'
import { findAsker } from './judge.ts'
import { rangeOf, type PlaceRules, type Profile } from './profile.ts'
import { has, isApplicable, judgeRequest, numberOf, type DenyRule, type Environment, type GrantRule } from './rules.ts'
import type { Circumstances, Subject } from './types.ts'

export interface FilterQuestion extends Circumstances {
  readonly subject: Subject
  readonly action: string
  /** Id of the vault, without `vault:`. */
  readonly vault: string
}

interface Matter {
  readonly compiled: Compiled
  readonly vault: string
  readonly action: number
  readonly environment: Environment
}

export function compileFilter(compiled: Compiled, question: FilterQuestion): NoteFilter {
  const { subject, vault, now, context } = question
  const action = numberOf(question.action)
  if (action === undefined || !isApplicable(action, 'note') || parseResource(`vault:${vault}`)?.type !== 'vault')
    return someNotes({})
  const asker = findAsker(compiled, subject, now)
  if (typeof asker === 'string') return someNotes({})
  const environment = { context, now, agent: subject.agent }
  const matter: Matter = { compiled, vault, action, environment }
  let within = everyPath
  for (const bound of asker.bounds) {
    if (!has(bound, action) || judgeRequest(bound.request, environment) !== true) return someNotes({})
    within = intersect(within, unite(bound.scopes.map((scope) => pathsOf(matter, scope))))
  }
  const filter = {
    ...filterRules(matter, asker.profile, false),
    within,
    must: asker.bounds.flatMap(({ note }) => note),
    breakGlass: asker.isInPerson ? findBreakGlass(matter, asker.profile.principal) : noPath,
  }
  return isEverything(filter) ? { kind: 'all' } : filter
}

function isEverything({ within, allow, denyTags, denyWhen, must }: SomeNotes): boolean {
  const isWhole = [within, allow].every((paths) => paths.length === 1 && paths[0] === '')
  return isWhole && denyTags.length === 0 && denyWhen.length === 0 && must.length === 0
}

function pathsOf({ compiled, vault }: Matter, scope: Resource): PathRanges {
  if (scope.type === 'org') return scope.id === compiled.org ? everyPath : noPath
  return 'vault' in scope && scope.vault === vault ? rangeOf(scope) : noPath
}

function findBreakGlass(matter: Matter, principal: string): PathRanges {
  const { compiled, action, environment } = matter
  const rules = compiled.breakGlass.get(principal) ?? []
  const isOpen = ({ actions, from, until }: (typeof rules)[number]) =>
    has(actions, action) && environment.now >= from && environment.now < until
  return unite(rules.filter(isOpen).map(({ scope }) => pathsOf(matter, scope)))
}

// --- Statements to ranges ---------------------------------------------------------------------------------------------

interface Placed {
  readonly rules: PlaceRules
  readonly paths: PathRanges
  /** The paths that a grant here reaches: without what is behind barriers below. */
  readonly reach: () => PathRanges
}

interface Parts {
  readonly allow: PathRanges[]
  readonly deny: PathRanges[]
  readonly allowTags: string[]
  readonly denyTags: string[]
  readonly allowWhen: SomeNotes['allowWhen'][number][]
  readonly denyWhen: SomeNotes['denyWhen'][number][]
  readonly delegated: SomeNotes['delegated'][number][]
}

/** `isPassedOn`: on behalf of a delegate, whose own delegations do not count. */
function filterRules(matter: Matter, profile: Profile, isPassedOn: boolean): SomeNotes {
  const barriers = matter.compiled.barriers.get(matter.vault)
  const parts: Parts = { allow: [], deny: [], allowTags: [], denyTags: [], allowWhen: [], denyWhen: [], delegated: [] }
  for (const { rules, paths, reach } of findPlaces(matter, profile)) {
    for (const deny of rules.denies) addDeny(matter, deny, parts, paths)
    for (const grant of rules.grants) addGrant(matter, { grant, paths: reach, tag: null, isPassedOn }, parts)
  }
  for (const deny of profile.tags.denies) addDeny(matter, deny, parts, noPath)
  for (const grant of profile.tags.grants) {
    const tag = grant.scope.type === 'tag' ? grant.scope.tag : null
    addGrant(matter, { grant, paths: () => noPath, tag, isPassedOn }, parts)
  }
  const { allow, deny, ...rest } = parts
  const denied = unite(deny)
  const open = (paths: PathRanges) => subtract(paths, denied)
  const isClosedAtRoot = barriers?.root === true
  const closed = (): PathRanges => (isClosedAtRoot ? everyPath : unite([denied, barriers?.ranges ?? noPath]))
  const needsClosed =
    rest.allowTags.length > 0 || [...rest.allowWhen, ...rest.delegated].some(({ tag }) => tag !== null)
  return someNotes({
    ...rest,
    allow: open(unite(allow)),
    allowWhen: rest.allowWhen.map((each) => ({ ...each, paths: open(each.paths) })),
    delegated: rest.delegated.map((each) => ({ ...each, paths: open(each.paths) })),
    closed: needsClosed ? closed() : noPath,
  })
}

function findPlaces({ vault, compiled }: Matter, profile: Profile): Placed[] {
  const barriers = compiled.barriers.get(vault)
  const openVault = () => (barriers === undefined ? everyPath : subtract(everyPath, barriers.ranges))
  const openOrg = () => (barriers?.root === true ? noPath : openVault())
  const ofOrg = profile.at.get(0)
  const places: Placed[] = ofOrg === undefined ? [] : [{ rules: ofOrg, paths: everyPath, reach: openOrg }]
  for (const rules of profile.vaults.get(vault) ?? []) {
    const { scope, paths } = rules
    const openFolder = () => (scope.type === 'folder' ? subtract(paths, barriersBelow(barriers, scope.path)) : paths)
    places.push({ rules, paths, reach: scope.type === 'vault' ? openVault : openFolder })
  }
  return places
}

/** What is behind the barriers inside a folder, not counting the folder itself. */
function barriersBelow(barriers: Barriers | undefined, folder: string): PathRanges {
  if (barriers === undefined) return noPath
  const { sorted } = barriers
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] as string) < `${folder}/`) low = middle + 1
    else high = middle
  }
  const inside: PathRanges[] = []
  for (let at = low; sorted[at]?.startsWith(`${folder}/`) === true; at++) inside.push(folderRange(sorted[at] as string))
  return unite(inside)
}

/** A deny whose conditions cannot be told counts. `paths` is where it stands, if it is not on a tag. */
function addDeny({ action, environment }: Matter, deny: DenyRule, parts: Parts, paths: PathRanges): void {
  if (!has(deny, action) || judgeRequest(deny.request, environment) === false) return
  const tag = deny.scope.type === 'tag' ? deny.scope.tag : null
  if (deny.note.length > 0) parts.denyWhen.push({ paths, tag, when: deny.note })
  else if (tag === null) parts.deny.push(paths)
  else parts.denyTags.push(tag)
}

interface Reaching {
  readonly grant: GrantRule
  readonly paths: () => PathRanges
  readonly tag: string | null
  readonly isPassedOn: boolean
}

/** A grant whose conditions cannot be told does not count. */
function addGrant(matter: Matter, { grant, paths, tag, isPassedOn }: Reaching, parts: Parts): void {
  const { action, environment, compiled } = matter
  if (!has(grant, action)) return
  if (!(environment.now >= grant.from && environment.now < grant.until)) return
  if (judgeRequest(grant.request, environment) !== true) return
  if (grant.by !== null) {
    const delegator = isPassedOn ? null : compiled.profileOf(grant.by)
    if (delegator === null) return
    parts.delegated.push({ paths: paths(), tag, within: filterRules(matter, delegator, true) })
  } else if (grant.note.length > 0) parts.allowWhen.push({ paths: paths(), tag, when: grant.note })
  else if (tag === null) parts.allow.push(paths())
  else parts.allowTags.push(tag)
}
