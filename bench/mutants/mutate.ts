/** Small wrong changes of a program, made on its syntax tree: what a slip of the hand would do. */
import { parseSync } from 'oxc-parser'

export interface Change {
  readonly file: string
  readonly operator: string
  readonly line: number
  readonly start: number
  readonly end: number
  readonly put: string
  /** What stood there, shortened. */
  readonly was: string
}

interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [key: string]: unknown
}

type Report = (operator: string, node: Node, put: string) => void

export function listChanges(file: string, source: string): Change[] {
  const { program, errors } = parseSync(file, source)
  if (errors.length > 0) throw new Error(`${file} does not parse: ${errors[0]?.message ?? ''}`)
  const changes: Change[] = []
  const text = ({ start, end }: Node) => source.slice(start, end)
  const report: Report = (operator, { start, end }, put) => {
    const line = source.slice(0, start).split('\n').length
    const was = source.slice(start, end).replace(/\s+/g, ' ').slice(0, 80)
    changes.push({ file, operator, line, start, end, put, was })
  }
  const visit = (node: Node) => {
    if (/^(TS|Import|Export(All|Named)Declaration$)/.test(node.type) && !hasCode(node)) return
    operators[node.type]?.(node, text, report)
    for (const value of Object.values(node)) for (const child of [value].flat()) if (isNode(child)) visit(child)
  }
  visit(program as unknown as Node)
  return changes
}

/** Casts and exported declarations are types outside and code inside. */
function hasCode({ type, declaration }: Node): boolean {
  return /^TS(As|Satisfies|NonNull)/.test(type) || (isNode(declaration) && !declaration.type.startsWith('TS'))
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value
}

const comparisons: Record<string, string> = { '<': '<=', '<=': '<', '>': '>=', '>=': '>', '===': '!==', '!==': '===' }
const quantifiers: Record<string, string> = { every: 'some', some: 'every' }

const operators: Record<string, (node: Node, text: (node: Node) => string, report: Report) => void> = {
  LogicalExpression(node, text, report) {
    if (node['operator'] === '??') return
    report('drop a side', node, `(${text(node['left'] as Node)})`)
    report('drop a side', node, `(${text(node['right'] as Node)})`)
  },
  IfStatement(node, text, report) {
    const test = node['test'] as Node
    report('negate', test, `!(${text(test)})`)
    if (node['alternate'] === null) report('delete a statement', node, ';')
  },
  ConditionalExpression(node, text, report) {
    const test = node['test'] as Node
    report('negate', test, `!(${text(test)})`)
  },
  BinaryExpression(node, text, report) {
    const other = comparisons[String(node['operator'])]
    if (other !== undefined)
      report('boundary', node, `${text(node['left'] as Node)} ${other} ${text(node['right'] as Node)}`)
  },
  UnaryExpression(node, text, report) {
    if (node['operator'] === '!') report('drop a negation', node, `!!(${text(node['argument'] as Node)})`)
  },
  Literal(node, _, report) {
    if (typeof node['value'] === 'boolean') report('swap allow and deny', node, String(!node['value']))
  },
  MemberExpression(node, _, report) {
    const property = node['property'] as Node
    const other = node['computed'] === true ? undefined : quantifiers[String(property['name'])]
    if (other !== undefined) report('swap every and some', property, other)
  },
  ExpressionStatement(node, _, report) {
    report('delete a statement', node, ';')
  },
  ContinueStatement(node, _, report) {
    report('delete a statement', node, ';')
  },
}
