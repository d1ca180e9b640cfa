/**
 * Promises of the test host: nothing that it gives a plugin is a hollow one. That it has everything the plugin uses is
 * checked by the types of plugin/host, where `obsidian` is the host itself.
 */
import { describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSync } from 'oxc-parser'

const folder = join(import.meta.dirname, '../host/src')

interface Node {
  readonly type: string
  readonly start: number
  readonly [field: string]: unknown
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string'

function* walk(node: Node): Generator<Node> {
  yield node
  for (const value of Object.values(node))
    for (const child of [value].flat() as unknown[]) if (isNode(child)) yield* walk(child)
}

/** Methods and functions that do nothing: no statement, or one that gives nothing back. */
export function findHollow(source: string, path: string): string[] {
  const { program } = parseSync(path, source)
  const hollow: string[] = []
  for (const node of walk(program as unknown as Node)) {
    const isMethod = node.type === 'MethodDefinition' && node['kind'] === 'method'
    if (!isMethod && node.type !== 'FunctionDeclaration') continue
    const named = (isMethod ? node['key'] : node['id']) as { name?: string } | null
    const { body } = (isMethod ? node['value'] : node) as { body?: { body?: Node[] } | null }
    const statements = body?.body
    if (statements === undefined || statements.length > 1) continue
    const [only] = statements
    const isHollow =
      only === undefined || (only.type === 'ReturnStatement' && givesNothing(only['argument'] as Node | null))
    // A hook is there for a subclass: doing nothing is what the API says of it.
    if (isHollow && !/\/\*\* Hook: [^]*?\*\/\s*(?:protected\s+)?(?:async\s+)?$/.test(source.slice(0, node.start)))
      hollow.push(`${path}: ${named?.name ?? 'a function'}`)
  }
  return hollow
}

function givesNothing(given: Node | null): boolean {
  if (given === null || given.type === 'ThisExpression') return true
  if (given.type === 'Identifier') return given['name'] === 'undefined'
  if (given.type === 'Literal') return given['value'] === null
  if (given.type === 'ArrayExpression') return (given['elements'] as unknown[]).length === 0
  if (given.type === 'ObjectExpression') return (given['properties'] as unknown[]).length === 0
  const isCall = given.type === 'CallExpression' && (given['arguments'] as unknown[]).length === 0
  const callee = given['callee'] as Node | undefined
  return isCall && callee?.type === 'MemberExpression' && (callee['property'] as { name?: string }).name === 'resolve'
}

describe('the host', () => {
  test('has no method that does nothing, but hooks', () => {
    const files = readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    expect(files.length).toBeGreaterThan(15)
    expect(files.flatMap((name) => findHollow(readFileSync(join(folder, name), 'utf8'), name))).toEqual([])
  })

  test('would be caught at it', () => {
    const source = `class A { a() {} b(): this { return this } async c() { return Promise.resolve() } d() { return [] }
      e() { return 1 } /** Hook: nothing. */ f() {} get g() { return null } h() { this.e(); return this } }
      export function i() {}`
    expect(findHollow(source, 'a.ts')).toEqual(['a.ts: a', 'a.ts: b', 'a.ts: c', 'a.ts: d', 'a.ts: i'])
  })
})

describe('each setting', () => {
  test('is read by something outside of the settings themselves', async () => {
    const { settingKeys } = await import('../src/core/settings/setting-table.ts')
    const root = join(import.meta.dirname, '../src')
    const paths = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
      (path) => /\.tsx?$/.test(path) && !path.startsWith('core/settings/'),
    )
    const sources = paths
      .filter((path) => !/settings-(?:tab|items|controls)\.ts$/.test(path))
      .map((path) => readFileSync(join(root, path), 'utf8'))
    expect(settingKeys.filter((key) => !sources.some((source) => source.includes(`'${key}'`)))).toEqual([])
  })
})
