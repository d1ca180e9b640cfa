/**
 * Where a note was, as far as rules on places go. A note that is taken out of a folder with a barrier or a deny keeps the
 * path it had there, and is judged there too, until it is back among the same rules, the rules are gone, or somebody lets
 * it go. The scopes that hold at a path lie in one another, so the nearest of them stands for all: whatever lies in it has
 * every rule that holds at the path.
 */

/** Rules on places of one vault. */
export interface ProtectedPlaces {
  /** The nearest folder, with a slash behind, or the path itself, that a rule names; null where none does. */
  nearest(path: string): string | null
}

/** Those of `folder:VAULT/PATH` and `note:VAULT/PATH` that are of one vault. */
export function scopesOf(vault: string, scopes: readonly string[]): string[] {
  return scopes.filter((scope) => scope.slice(scope.indexOf(':') + 1).startsWith(`${vault}/`))
}

export function protectedPlaces(vault: string, scopes: readonly string[]): ProtectedPlaces {
  const own = scopesOf(vault, scopes)
  const named = (type: string) =>
    new Set(own.filter((scope) => scope.startsWith(type)).map((scope) => scope.slice(type.length + vault.length + 1)))
  const [folders, notes] = [named('folder:'), named('note:')]
  return {
    nearest(path) {
      if (notes.has(path)) return path
      for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1))
        if (folders.has(path.slice(0, end))) return path.slice(0, end + 1)
      return null
    },
  }
}

/**
 * More than anybody meets: each is another protected folder that the note was taken out of, with nobody confirming. The
 * oldest stay, since what was to be kept from people was there first.
 */
const mostPlaces = 32

export interface SettledPlaces {
  readonly kept: string[]
  readonly held: string[]
}

/**
 * What has to stay in force of former places, oldest first, now that the note is at `path`; the path itself is kept when
 * it is among them and a rule holds there.
 */
export function settlePlaces(former: readonly string[], path: string, { nearest }: ProtectedPlaces): SettledPlaces {
  const held: string[] = []
  for (const place of former) {
    const near = nearest(place)
    if (near === null || [path, ...held].some((each) => isIn(near, each))) continue
    // One that was in fewer of the same folders says nothing more.
    const rest = held.filter((each) => !isIn(nearest(each) ?? '', place))
    held.splice(0, held.length, ...rest, place)
  }
  const first = held.slice(0, mostPlaces)
  return { kept: former.includes(path) && nearest(path) !== null ? [...first, path] : first, held: first }
}

function isIn(scope: string, path: string): boolean {
  return scope.endsWith('/') ? path.startsWith(scope) : path === scope
}
