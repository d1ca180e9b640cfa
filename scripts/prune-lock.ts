/** A lock file for some of the packages that another one locks, at the same versions: npm's format 3, `packages` by path. */

type Dependencies = Readonly<Record<string, string | undefined>>

interface LockedPackage {
  readonly version?: string
  readonly link?: boolean
  readonly resolved?: string
  readonly optional?: boolean
  readonly dependencies?: Dependencies
  readonly devDependencies?: Dependencies
  readonly optionalDependencies?: Dependencies
  readonly peerDependencies?: Dependencies
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>
}

export interface Lock {
  readonly name: string
  readonly version: string
  readonly lockfileVersion: number
  readonly packages: Readonly<Record<string, LockedPackage>>
}

/** `roots`: what stands in the place of the lock's own entry of a path, `''` being the whole. Throws for what is not locked. */
export function pruneLock(lock: Lock, roots: Readonly<Record<string, unknown>>): Lock {
  const top = roots[''] as LockedPackage & { name: string; version: string; workspaces: readonly string[] }
  const entryOf = (path: string): LockedPackage => (roots[path] ?? lock.packages[path] ?? {}) as LockedPackage
  const kept = new Map<string, LockedPackage>([['', pick(top)]])
  const waiting: string[] = ['']
  for (const workspace of top.workspaces) {
    kept.set(workspace, pick(entryOf(workspace)))
    for (const [path, { link, resolved }] of Object.entries(lock.packages))
      if (link === true && resolved === workspace) kept.set(path, lock.packages[path] ?? {})
    waiting.push(workspace)
  }
  const take = (from: string, name: string, isOptional: boolean) => {
    const path = find(lock, from, name)
    if (path === null && !isOptional)
      throw new Error(`${name}, which ${from || 'the root'} needs, is not in package-lock.json; run npm install.`)
    if (path === null || kept.has(path)) return
    kept.set(path, lock.packages[path] ?? {})
    if (lock.packages[path]?.link !== true) waiting.push(path)
  }
  for (const from of waiting)
    for (const [name, isOptional] of needsOf(entryOf(from), from === '' || top.workspaces.includes(from)))
      take(from, name, isOptional)
  return {
    name: top.name,
    version: top.version,
    lockfileVersion: lock.lockfileVersion,
    packages: Object.fromEntries([...kept].sort(([a], [b]) => (a < b ? -1 : 1))),
  }
}

/** What npm writes of a workspace into the lock. */
function pick(entry: LockedPackage): LockedPackage {
  const {
    scripts: _scripts,
    private: _private,
    type: _type,
    exports: _exports,
    allowScripts: _allowed,
    sideEffects: _effects,
    description: _words,
    ...rest
  } = entry as Record<string, unknown>
  return rest
}

function needsOf(entry: LockedPackage, isOwn: boolean): [name: string, isOptional: boolean][] {
  const names = (list: Dependencies | undefined, isOptional: boolean) =>
    Object.keys(list ?? {}).map((name): [string, boolean] => [name, isOptional])
  const peers = Object.keys(entry.peerDependencies ?? {}).map((name): [string, boolean] => [
    name,
    entry.peerDependenciesMeta?.[name]?.optional === true,
  ])
  return [
    ...names(entry.dependencies, false),
    ...(isOwn ? names(entry.devDependencies, false) : []),
    ...names(entry.optionalDependencies, true),
    ...peers,
  ]
}

/** As Node looks for packages: in the folder of who needs it, then in each one above. */
function find(lock: Lock, from: string, name: string): string | null {
  for (let folder: string | null = from; folder !== null; folder = above(folder)) {
    const path = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`
    if (lock.packages[path] !== undefined) return path
  }
  return null
}

function above(folder: string): string | null {
  if (folder === '') return null
  const at = folder.lastIndexOf('/node_modules/')
  return at < 0 ? '' : folder.slice(0, at)
}
