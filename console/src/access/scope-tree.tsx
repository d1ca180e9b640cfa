/**
 * The tree of everything that a statement can stand on: the server, vaults, folders and notes, and tags. A folder’s parts
 * are asked for when it is opened. Keys as ARIA’s tree view has them.
 */
import { useEffect, useRef, useState } from 'preact/hooks'
import { Button, Icon, Spinner, type IconName } from '@cairn/ui'
import { useConsole } from '../shell/console-context.ts'
import { useStore } from '@cairn/ui/store'
import { useAccess } from './access-context.ts'
import { readChildren, type Children } from './folder-children.ts'
import { nameScope, partsOf } from './names.ts'

export interface ScopeTreeProps {
  readonly chosen: string | null
  readonly onChoose: (scope: string) => void
  /** Scopes that are restricted, as far as they are known. */
  readonly restricted: ReadonlySet<string>
  /** Tags that are named by statements. */
  readonly tags: readonly string[]
}

const icons: Readonly<Record<string, IconName>> = {
  org: 'server',
  vault: 'vault',
  folder: 'folder',
  note: 'note',
  tag: 'tag',
}

export function ScopeTree({ chosen, onChoose, restricted, tags }: ScopeTreeProps) {
  const { matrix, may } = useAccess()
  const { vaults } = useStore(useConsole().vaultsWatch.store)
  const [seenTags, setSeenTags] = useState<readonly string[]>([])
  const root = useRef<HTMLUListElement>(null)
  const all = [...new Set([...tags, ...seenTags])].sort()
  const addTags = (found: readonly string[]) => setSeenTags((before) => [...new Set([...before, ...found])])
  const row = { chosen, onChoose, restricted, onTags: addTags }
  return (
    <ul
      ref={root}
      class="access-tree"
      role="tree"
      aria-label="Vaults, folders and tags"
      onKeyDown={(event) => moveInTree(event, root.current)}
    >
      {may('policy.view') ? <Branch {...row} scope={matrix.org} isFirst level={1} /> : null}
      {(vaults ?? []).map(({ id }, at) => (
        <Branch key={id} {...row} scope={`vault:${id}`} isFirst={!may('policy.view') && at === 0} level={1} />
      ))}
      {may('policy.view') ? all.map((tag) => <Branch key={tag} {...row} scope={`tag:${tag}`} level={1} />) : null}
    </ul>
  )
}

interface BranchProps extends Pick<ScopeTreeProps, 'chosen' | 'onChoose' | 'restricted'> {
  readonly scope: string
  readonly level: number
  readonly isFirst?: boolean
  readonly onTags: (tags: readonly string[]) => void
}

/** Parts that are asked for at once. */
const mostParts = 200

function Branch({ scope, level, isFirst = false, ...row }: BranchProps) {
  const { names } = useAccess()
  const { kind, vault, path } = partsOf(scope)
  const canOpen = kind === 'vault' || kind === 'folder'
  const holdsChosen = row.chosen !== null && isWithin(row.chosen, scope)
  const [isOpen, setOpen] = useState(holdsChosen)
  useEffect(() => {
    if (holdsChosen) setOpen(true)
  }, [holdsChosen])
  const parts = useChildren(canOpen && isOpen, vault, path, row.onTags)
  const isChosen = row.chosen === scope
  return (
    <li role="none">
      <div
        class="access-tree-row"
        role="treeitem"
        aria-level={level}
        aria-selected={isChosen}
        aria-expanded={canOpen ? isOpen : undefined}
        tabIndex={isChosen || (row.chosen === null && isFirst) ? 0 : -1}
        onClick={() => row.onChoose(scope)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' || event.key === ' ') {
            event.preventDefault()
            row.onChoose(scope)
          }
          if (event.key === 'ArrowRight' && canOpen && !isOpen) setOpen(true)
          if (event.key === 'ArrowLeft' && canOpen && isOpen) {
            event.stopPropagation()
            setOpen(false)
          }
        }}
      >
        <Turn canOpen={canOpen} onTurn={() => setOpen(!isOpen)} />
        <Icon name={icons[kind] ?? 'folder'} size={16} />
        <span class="access-tree-name">{nameScope(names, scope)}</span>
        {row.restricted.has(scope) ? (
          <>
            <Icon name="lock" size={14} />
            <span class="cairn-hidden">restricted</span>
          </>
        ) : null}
      </div>
      {isOpen && canOpen ? <Parts parts={parts} scope={scope} level={level} {...row} /> : null}
    </li>
  )
}

/** For a mouse; the arrow keys do the same. */
function Turn({ canOpen, onTurn }: { readonly canOpen: boolean; readonly onTurn: () => void }) {
  if (!canOpen) return <span class="access-turn" aria-hidden="true" />
  return (
    <span
      class="access-turn"
      aria-hidden="true"
      onClick={(event) => {
        event.stopPropagation()
        onTurn()
      }}
    >
      <Icon name="chevron" size={14} />
    </span>
  )
}

interface PartsProps extends Omit<BranchProps, 'isFirst'> {
  readonly parts: ReturnType<typeof useChildren>
}

function Parts({ parts, scope, level, ...row }: PartsProps) {
  const { vault, path } = partsOf(scope)
  const within = path === '' ? '' : `${path}/`
  if (parts.error !== null)
    return (
      <p class="access-tree-note" role="alert">
        {parts.error}{' '}
        <Button small onClick={parts.ask}>
          Try again
        </Button>
      </p>
    )
  if (parts.value === null)
    return (
      <p class="access-tree-note">
        <Spinner size={14} label="Loading" />
      </p>
    )
  const { folders, notes, next } = parts.value
  return (
    <ul role="group">
      {folders.map((name) => (
        <Branch key={name} {...row} scope={`folder:${vault}/${within}${name}`} level={level + 1} />
      ))}
      {notes.map(({ name }) => (
        <Branch key={name} {...row} scope={`note:${vault}/${within}${name}`} level={level + 1} />
      ))}
      {next === null ? null : (
        <li role="none" class="access-tree-note">
          <Button small onClick={parts.ask}>
            Show more
          </Button>
        </li>
      )}
    </ul>
  )
}

/** Asked for when it is first opened, and on from where it stopped. */
function useChildren(isOpen: boolean, vault: string, path: string, onTags: (tags: readonly string[]) => void) {
  const [value, setValue] = useState<Children | null>(null)
  const [error, setError] = useState<string | null>(null)
  const ask = async () => {
    setError(null)
    const reply = await readChildren({ vault, path, after: value?.next ?? null, most: mostParts })
    if ('failure' in reply) return setError(reply.failure.title)
    const { folders, notes, next } = reply.children
    setValue((before) => ({
      folders: [...(before?.folders ?? []), ...folders],
      notes: [...(before?.notes ?? []), ...notes],
      next,
    }))
    onTags(notes.flatMap(({ tags }) => tags))
  }
  useEffect(() => {
    if (isOpen && value === null) void ask()
  }, [isOpen])
  return { value, error, ask: () => void ask() }
}

/** Whether a scope lies below another. */
export function isWithin(scope: string, above: string): boolean {
  const [inner, outer] = [partsOf(scope), partsOf(above)]
  if (scope === above || inner.vault === '' || inner.vault !== outer.vault) return false
  return outer.kind === 'vault' || (outer.kind === 'folder' && inner.path.startsWith(`${outer.path}/`))
}

/** Up and down through what is open, home and end, and left to the folder that something lies in. */
function moveInTree(event: KeyboardEvent, root: HTMLElement | null): void {
  if (!(event.target instanceof HTMLElement) || event.target.role !== 'treeitem' || root === null) return
  const items = [...root.querySelectorAll<HTMLElement>('[role=treeitem]')]
  const at = items.indexOf(event.target)
  const next = {
    ArrowDown: items[at + 1],
    ArrowUp: items[at - 1],
    Home: items[0],
    End: items.at(-1),
    ArrowLeft: itemOf(event.target.parentElement?.parentElement?.closest('li')),
    ArrowRight: itemOf(event.target.nextElementSibling?.querySelector('li')),
  }[event.key]
  if (next === undefined) return
  event.preventDefault()
  next.focus()
}

function itemOf(entry: Element | null | undefined): HTMLElement | undefined {
  return entry?.querySelector<HTMLElement>(':scope > [role=treeitem]') ?? undefined
}
