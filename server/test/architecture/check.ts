/**
 * Who may import whom, and where a few words may stand, as data and one pure function over `{ path: source }`. Each
 * complaint is a sentence that says what to do. ARCHITECTURE.md shows the same table; `checkTable` compares them.
 */

interface Row {
  readonly folders: readonly string[]
  /** Other rooms of the repository; `*` is every module of the server, `**` everything. */
  readonly mayImport: readonly string[]
  /** Rooms of which only types may be imported. */
  readonly typesOf?: readonly string[]
  /** npm packages, where they are limited further than by package.json. */
  readonly packages?: readonly string[]
}

export const table: readonly Row[] = [
  { folders: ['contract'], mayImport: [], packages: ['zod'] },
  { folders: ['base'], mayImport: ['contract'] },
  { folders: ['platform'], mayImport: ['base'] },
  { folders: ['config', 'storage'], mayImport: ['base', 'contract', 'platform'] },
  {
    folders: ['access', 'audit', 'cache', 'metering', 'providers', 'vaults'],
    mayImport: ['base', 'contract', 'storage', 'platform'],
    typesOf: ['config'],
  },
  { folders: ['dialects'], mayImport: ['base', 'contract'] },
  { folders: ['routing'], mayImport: ['base', 'contract', 'storage', 'platform', 'providers'], typesOf: ['config'] },
  {
    folders: ['compliance'],
    mayImport: ['base', 'contract', 'storage', 'platform', 'access', 'audit'],
    typesOf: ['config'],
  },
  {
    folders: ['pipeline'],
    mayImport: ['access', 'audit', 'cache', 'vaults', 'routing', 'metering', 'dialects', 'base', 'contract'],
  },
  { folders: ['http', 'cli'], mayImport: ['*'] },
  { folders: ['app.ts', 'main.ts', 'run'], mayImport: ['**'] },
  { folders: ['ui'], mayImport: ['contract'] },
  { folders: ['console', 'plugin/core'], mayImport: ['ui', 'contract'] },
  { folders: ['plugin/transport', 'plugin/features'], mayImport: ['plugin/core', 'ui', 'contract'] },
  {
    folders: ['plugin/obsidian'],
    mayImport: ['plugin/core', 'plugin/transport', 'plugin/features', 'ui', 'contract'],
    packages: ['obsidian', '@codemirror/state', '@codemirror/view', 'preact'],
  },
  { folders: ['plugin'], mayImport: ['plugin/obsidian'] },
  { folders: ['plugin/host'], mayImport: [] },
]

interface WordRule {
  readonly name: string
  readonly pattern: RegExp
  /** Files the rule is about, and those of them that may use the word. */
  readonly within: RegExp
  readonly allowed: RegExp
  readonly instead: string
}

const programs = /^(contract|server|ui|console|plugin)\//
const serverOnly = /^(contract|server)\//

export const wordRules: readonly WordRule[] = [
  {
    name: 'process.env',
    pattern: /\bprocess\s*\.\s*env\b|\bBun\s*\.\s*env\b|\bimport\.meta\.env\b/,
    within: programs,
    allowed: /^server\/src\/config\/load\.ts$/,
    instead: 'read the environment in server/src/config/load.ts only, and take the value from the configuration',
  },
  {
    name: 'Date.now(',
    pattern: /\bDate\s*\.\s*now\s*\(/,
    within: serverOnly,
    allowed: /^server\/src\/base\/clock\.ts$/,
    instead: 'take a Clock (server/src/base/clock.ts) as a parameter and call now()',
  },
  {
    name: 'new Date(',
    pattern: /\bnew\s+Date\b/,
    within: serverOnly,
    allowed: /^server\/src\/base\/clock\.ts$/,
    instead: 'keep times as milliseconds and format them with formatTime() of server/src/base/clock.ts',
  },
  {
    name: 'performance.',
    pattern: /\bperformance\s*\./,
    within: serverOnly,
    allowed: /^server\/src\/base\/clock\.ts$/,
    instead: 'take a Clock (server/src/base/clock.ts) as a parameter and call monotonic()',
  },
  {
    name: 'console.',
    pattern: /(?<![\w.$'/])console\s*\.\s*[a-z]/,
    within: programs,
    allowed: /^$/,
    instead: 'log through the Logger that was passed in, or write to the output of the command',
  },
  {
    name: 'Bun',
    pattern: /\bBun\s*\.|\bfrom\s+['"]bun(:[a-z]+)?['"]|\bimport\s*\(\s*['"]bun(:[a-z]+)?['"]/,
    within: programs,
    allowed: /^server\/src\/platform\//,
    instead: 'wrap what is needed in server/src/platform/ and import it from there',
  },
  {
    name: "'obsidian'",
    pattern: /\bfrom\s+['"]obsidian['"]/,
    within: programs,
    allowed: /^plugin\/(?:src\/obsidian|host)\//,
    instead: 'keep everything that knows Obsidian in plugin/src/obsidian/, and pass in what else needs it',
  },
  {
    name: 'fetch',
    pattern: /(?<![\w.$'-])(?:window\s*\.\s*)?fetch\s*\(|\brequestUrl\s*\(/,
    within: /^plugin\/src\//,
    allowed: /^plugin\/src\/transport\/transport\.ts$/,
    instead: 'ask plugin/src/transport/transport.ts, which knows the one server that the plugin may talk to',
  },
  {
    name: 'the page',
    pattern: /(?<![\w.$'-])(?:document|window|activeDocument|activeWindow|localStorage|navigator)\s*\./,
    within: /^plugin\/src\/core\//,
    allowed: /^$/,
    instead: 'keep plugin/src/core pure: take what it needs of the page as a parameter',
  },
]

export type Sources = Readonly<Record<string, string>>

interface Import {
  readonly specifier: string
  readonly typeOnly: boolean
}

/** Every breach of the table or the word rules, one sentence each. */
export function checkSources(sources: Sources): string[] {
  const complaints: string[] = []
  for (const [path, source] of Object.entries(sources)) {
    if (isTest(path) || !programs.test(path)) continue
    for (const found of readImports(source)) {
      const complaint = judgeImport(path, found)
      if (complaint !== undefined) complaints.push(complaint)
    }
    complaints.push(...judgeWords(path, source))
  }
  return [...complaints, ...findCycles(sources), ...checkThreads(sources)]
}

/** Differences between the table above and the one in ARCHITECTURE.md. */
export function checkTable(document: string | undefined): string[] {
  if (document === undefined)
    return ['ARCHITECTURE.md is missing; write it, with the module table of server/test/architecture/check.ts.']
  const rows = document.split('\n').map(normaliseRow)
  const start = rows.indexOf('|folder|mayimport|')
  if (start < 0) return [`ARCHITECTURE.md has no table “| folder | may import |”; add it:\n${renderTable()}`]
  const end = rows.findIndex((row, index) => index > start && !row.startsWith('|'))
  const shown = rows.slice(start + 2, end < 0 ? undefined : end)
  const wanted = table.map(renderRow)
  const missing = wanted.filter((row) => !shown.includes(normaliseRow(row)))
  const surplus = shown.filter((row) => !wanted.map(normaliseRow).includes(row))
  return [
    ...missing.map((row) => `ARCHITECTURE.md’s module table is out of date; it needs the row\n${row}`),
    ...surplus.map(
      (row) =>
        `ARCHITECTURE.md’s module table has a row that server/test/architecture/check.ts does not: ${row}; remove one or add the other.`,
    ),
  ]
}

/** The table as ARCHITECTURE.md shows it. */
export function renderTable(): string {
  return ['| folder | may import |', '|---|---|', ...table.map(renderRow)].join('\n')
}

function renderRow({ folders, mayImport: rooms, typesOf = [], packages = [] }: Row): string {
  const words: Record<string, string> = { '*': 'every module’s `index.ts`', '**': 'everything' }
  const names = [
    ...packages,
    ...rooms.map((name) => words[name] ?? `\`${name}\``),
    ...typesOf.map((name) => `types of \`${name}\``),
  ]
  return `| ${folders.map((name) => `\`${name}\``).join(', ')} | ${names.join(', ')} |`
}

function normaliseRow(row: string): string {
  return row
    .toLowerCase()
    .replace(/[`*\s]/g, '')
    .replaceAll("'", '’')
}

// --- Imports ----------------------------------------------------------------------------------------------------------

function judgeImport(path: string, { specifier, typeOnly }: Import): string | undefined {
  const from = roomOf(path)
  const target = resolveImport(path, specifier)
  if (target.kind === 'package') {
    const packages = rowOf(from)?.packages
    if (packages === undefined || packages.includes(target.name)) return undefined
    return `${path} imports ${specifier}, but ${from}/ may use no package but ${packages.join(', ')}; pass in what it needs.`
  }
  if (isTest(target.path) || /^(scripts|bench|examples|docs)\//.test(target.path)) {
    return `${path} imports ${specifier}, but nothing may import tests, scripts, bench or examples; move what both need into a module.`
  }
  const to = roomOf(target.path)
  if (to === from) return undefined
  const row = rowOf(from)
  if (row === undefined)
    return `${path} stands in a folder that the table does not know; add ${from} to server/test/architecture/check.ts and to ARCHITECTURE.md.`
  if (target.kind === 'file' && workspaceOf(target.path) !== workspaceOf(path)) {
    return `${path} reaches into ${to}/ by path (${specifier}); import @cairn/${workspaceOf(target.path)} instead.`
  }
  if (!mayImport(row, to, typeOnly)) return forbidden(path, { from, to, row })
  const isInPlugin = workspaceOf(target.path) === 'plugin' && from !== 'plugin'
  if (
    target.kind === 'file' &&
    !isInPlugin &&
    !/^(?:server|plugin)\/src\/([a-z-]+\/index|app|main)\.ts$/.test(target.path)
  ) {
    return `${path} enters ${to}/ through ${specifier}; import from ${to}/index.ts, and export there what others need.`
  }
  return undefined
}

function mayImport(row: Row, to: string, typeOnly: boolean): boolean {
  if (row.mayImport.includes('**') || row.mayImport.includes(to)) return true
  if (row.typesOf?.includes(to) === true) return typeOnly
  const modules = table
    .flatMap(({ folders }) => folders)
    .filter((name) => !['ui', 'console', 'plugin', 'app.ts', 'main.ts', 'run'].includes(name))
  return row.mayImport.includes('*') && modules.includes(to)
}

function forbidden(path: string, { from, to, row }: { from: string; to: string; row: Row }): string {
  if (row.typesOf?.includes(to) === true)
    return `${path} imports values of ${to}/, of which ${from}/ may use types only; take the values as parameters and write \`import type\`.`
  const list = [...row.mayImport, ...(row.packages ?? [])].join(', ')
  return `${path} imports ${to}/, but ${from}/ may import only ${list}; declare the small interface it needs in ${from}/types.ts and let app.ts pass it in.`
}

/**
 * Import and export-from statements, and unless it is about what is loaded at once, dynamic imports with a literal and
 * worker files named by URL.
 */
function readImports(source: string, { onlyAtOnce = false } = {}): Import[] {
  const code = stripComments(source)
  const statements = [
    ...code.matchAll(/^[ \t]*(?:import|export)\s+(type\s+)?(?:([^'";]*?)\s*from\s*)?['"]([^'"\n]+)['"]/gm),
  ]
  const dynamic = [
    ...code.matchAll(/\bimport\s*\(\s*['"]([^'"\n]+)['"]/g),
    ...code.matchAll(/\bnew\s+URL\(\s*['"](\.[^'"\n]+\.tsx?)['"]/g),
  ]
  return [
    ...statements.map(([, type, names = '', specifier = '']) => ({
      specifier,
      typeOnly: type !== undefined || onlyTypes(names),
    })),
    ...(onlyAtOnce ? [] : dynamic).map(([, specifier = '']) => ({ specifier, typeOnly: false })),
  ]
}

/** True for `{ type A, type B }`. */
function onlyTypes(names: string): boolean {
  const list = /^\s*\{([^}]*)\}\s*$/
    .exec(names)?.[1]
    ?.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  return list !== undefined && list.length > 0 && list.every((name) => name.startsWith('type '))
}

type Target =
  | { readonly kind: 'package'; readonly name: string }
  | { readonly kind: 'workspace' | 'file'; readonly path: string }

function resolveImport(path: string, specifier: string): Target {
  if (specifier.startsWith('.')) return { kind: 'file', path: joinPath(path, specifier) }
  const workspace = /^@cairn\/([a-z]+)/.exec(specifier)?.[1]
  if (workspace !== undefined) return { kind: 'workspace', path: `${workspace}/src/index.ts` }
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
  return { kind: 'package', name }
}

function joinPath(from: string, relative: string): string {
  const parts = from.split('/').slice(0, -1)
  for (const part of relative.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.') parts.push(part)
  }
  return parts.join('/')
}

/** `server/src/cache/key.ts` → `cache`, `server/src/app.ts` → `app.ts`, `plugin/src/core/chord.ts` → `plugin/core`, `ui/src/table.tsx` → `ui`. */
function roomOf(path: string): string {
  if (path.startsWith('plugin/host/')) return 'plugin/host'
  const inPlugin = /^plugin\/src\/([^/]+)\//.exec(path)?.[1]
  if (inPlugin !== undefined) return `plugin/${inPlugin}`
  return /^server\/src\/(?:([^/]+)\/|(app\.ts|main\.ts)$)/.exec(path)?.slice(1).find(Boolean) ?? workspaceOf(path)
}

function workspaceOf(path: string): string {
  return path.split('/')[0] ?? ''
}

function rowOf(room: string): Row | undefined {
  return table.find(({ folders }) => folders.includes(room))
}

function isTest(path: string): boolean {
  return /\.test\.tsx?$|(^|\/)(test|testing)\//.test(path)
}

// --- Words ------------------------------------------------------------------------------------------------------------

function judgeWords(path: string, source: string): string[] {
  const lines = stripComments(source).split('\n')
  return wordRules
    .filter(({ within, allowed }) => within.test(path) && !allowed.test(path))
    .flatMap(({ name, pattern, instead }) => {
      const line = lines.findIndex((text) => pattern.test(text))
      return line < 0 ? [] : [`${path}:${line + 1} uses ${name}; ${instead}.`]
    })
}

/** Blanks out comments and keeps the line numbers. */
function stripComments(source: string): string {
  const token = /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\[\s\S])*`|\/\*[\s\S]*?\*\/|(?<![\\/])\/\/[^\n]*/g
  return source.replace(token, (part) =>
    part.startsWith('//') || part.startsWith('/*') ? part.replace(/[^\n]/g, ' ') : part,
  )
}

// --- Threads ----------------------------------------------------------------------------------------------------------

/** What takes longer to load than all the rest of a thread, and what a thread does instead. */
const tooMuch: Readonly<Record<string, string>> = {
  '@cairn/contract': 'import what it needs from @cairn/contract/tables, which builds no shapes',
  ioredis: 'load it where a connection is made',
}

/** A server starts several threads, and each loads its modules anew. */
function checkThreads(sources: Sources): string[] {
  const entries = Object.keys(sources).filter((path) => path.endsWith('-worker.ts') && !isTest(path))
  return entries.flatMap((entry) => {
    const loaded = new Set([entry])
    const complaints: string[] = []
    for (const path of loaded)
      for (const { specifier, typeOnly } of readImports(sources[path] ?? '', { onlyAtOnce: true })) {
        const target = resolveImport(path, specifier)
        if (!typeOnly && target.kind === 'file') loaded.add(target.path)
        else if (!typeOnly && Object.hasOwn(tooMuch, specifier))
          complaints.push(`The thread ${entry} loads ${specifier} through ${path}; ${tooMuch[specifier]}.`)
      }
    return complaints
  })
}

// --- Cycles -----------------------------------------------------------------------------------------------------------

/** Files that import each other's values in a ring. Types may point both ways: they are gone when the program runs. */
function findCycles(sources: Sources): string[] {
  const edges = new Map<string, string[]>()
  for (const [path, source] of Object.entries(sources)) {
    const targets = readImports(source).filter(({ typeOnly }) => !typeOnly)
    edges.set(
      path,
      targets
        .map(({ specifier }) => resolveImport(path, specifier))
        .flatMap((target) => (target.kind === 'package' ? [] : [target.path])),
    )
  }
  const state = new Map<string, 'open' | 'done'>()
  const trail: string[] = []
  const complaints: string[] = []
  const visit = (path: string): void => {
    if (state.get(path) === 'done') return
    if (state.get(path) === 'open') {
      const ring = [...trail.slice(trail.indexOf(path)), path]
      complaints.push(`These files import each other in a ring: ${ring.join(' → ')}; move what both need into a third.`)
      return
    }
    state.set(path, 'open')
    trail.push(path)
    for (const next of edges.get(path) ?? []) visit(next)
    trail.pop()
    state.set(path, 'done')
  }
  for (const path of edges.keys()) visit(path)
  return complaints
}
