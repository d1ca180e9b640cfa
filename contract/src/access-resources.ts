/**
 * Identifiers of resources. One text is one thing: paths are in Unicode’s composed form, without empty, `.` or `..`
 * segments, and whatever is written otherwise is no resource at all.
 */
import { accessLimits, resourceTypes, type ResourceType } from './access.ts'

/** What an identifier names. */
export type Resource =
  | { readonly type: 'org'; readonly id: string }
  | { readonly type: 'vault'; readonly id: string; readonly vault: string }
  | PathResource<'folder'>
  | PathResource<'note'>
  | FamilyResource<'model'>
  | FamilyResource<'cache'>

interface PathResource<Type> {
  readonly type: Type
  readonly id: string
  readonly vault: string
  /** In the vault. */
  readonly path: string
}

interface FamilyResource<Type> {
  readonly type: Type
  readonly id: string
  /** `model:local/*` of `model:local/small`; null without a slash. */
  readonly family: string | null
}

/** A resource as where a statement holds; or the notes with a tag, and with the tags below it. */
export type Scope = Resource | { readonly type: 'tag'; readonly id: string; readonly tag: string }

const types: ReadonlySet<string> = new Set<ResourceType>(resourceTypes)

/**
 * `org:ID`, `vault:ID`, `folder:VAULT/PATH`, `note:VAULT/PATH`, `model:PROVIDER/NAME`, `model:PROVIDER/*`, `model:*`,
 * `cache:NAMESPACE`. Null for anything else. Never throws.
 */
export function parseResource(id: string): Resource | null {
  const colon = id.indexOf(':')
  const type = id.slice(0, colon)
  if (colon < 0 || !types.has(type) || !isCanonical(id, colon + 1)) return null
  const name = id.slice(colon + 1)
  if (type === 'org') return { type, id }
  const slash = name.indexOf('/')
  if (type === 'model' || type === 'cache')
    return { type: type as 'model', id, family: slash < 0 ? null : `${type}:${name.slice(0, slash)}/*` }
  if (type === 'vault') return slash < 0 ? { type, id, vault: name } : null
  if (slash < 0) return null
  return { type: type as 'note', id, vault: name.slice(0, slash), path: name.slice(slash + 1) }
}

/** A resource, or `tag:NAME`. Null for anything else. Never throws. */
export function parseScope(id: string): Scope | null {
  if (!id.startsWith('tag:')) return parseResource(id)
  return isCanonical(id, 4) ? { type: 'tag', id, tag: id.slice(4) } : null
}

/** Segments from `start` on are neither empty nor dots; the text is composed, whole and short enough. */
function isCanonical(id: string, start: number): boolean {
  const { length } = id
  if (length > accessLimits.resourceLength || length === start) return false
  let isAscii = true
  let segmentStart = start
  for (let at = start; at <= length; at++) {
    const unit = at === length ? slashUnit : id.charCodeAt(at)
    if (unit > 127) isAscii = false
    if (unit === 0) return false
    if (unit !== slashUnit) continue
    const size = at - segmentStart
    if (size === 0 || (id.charCodeAt(segmentStart) === dotUnit && isDots(id, segmentStart, size))) return false
    segmentStart = at + 1
  }
  return isAscii || (id.isWellFormed() && id.normalize('NFC') === id)
}

function isDots(id: string, start: number, size: number): boolean {
  return size === 1 || (size === 2 && id.charCodeAt(start + 1) === dotUnit)
}

const slashUnit = 47
const dotUnit = 46

/** Whether a tag is the asked one or nested below it. */
export function isUnderTag(tag: string, asked: string): boolean {
  return (
    tag === asked || (tag.length > asked.length && tag.charCodeAt(asked.length) === slashUnit && tag.startsWith(asked))
  )
}
