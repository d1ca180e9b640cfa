/** Collects what checks and test groups did, prints it for people, and as JUnit XML for machines. */

interface Failure {
  readonly file: string
  readonly name: string
  readonly message: string
}

export interface Outcome {
  readonly name: string
  readonly passed: number
  readonly skipped: number
  readonly failures: readonly Failure[]
  /** `<testsuite>` elements as Bun wrote them. */
  readonly suites: string
  readonly ms: number
}

interface RawOutcome {
  readonly name: string
  readonly xml: string
  readonly code: number
  readonly output: string
  readonly ms: number
}

export interface Report {
  add(outcome: Outcome): void
  read(raw: RawOutcome): Outcome
  junit(): string
  /** Prints the summary; true when nothing failed. */
  finish(): boolean
}

export function createReport({ colour }: { colour: boolean }): Report {
  const outcomes: Outcome[] = []
  const paint = (code: string, text: string) => (colour ? `\u001B[${code}m${text}\u001B[0m` : text)

  function add(outcome: Outcome): void {
    outcomes.push(outcome)
    const ok = outcome.failures.length === 0
    const mark = ok ? paint('32', '✓') : paint('31', '✗')
    const counts = outcome.suites === '' ? '' : `${outcome.passed} passed`
    const seconds = paint('2', `${(outcome.ms / 1_000).toFixed(1)} s`)
    console.log(`${mark} ${outcome.name.padEnd(20)} ${seconds.padStart(colour ? 15 : 7)}  ${counts}`.trimEnd())
    for (const { file, name, message } of outcome.failures) {
      const where = file === '' || file === name ? '' : paint('2', ` ${file}`)
      console.log(`\n  ${paint('31', name)}${where}\n${message.trim().replace(/^/gm, '    ')}\n`)
    }
  }

  function finish(): boolean {
    const sum = (count: (outcome: Outcome) => number) => outcomes.reduce((total, outcome) => total + count(outcome), 0)
    const failed = sum(({ failures }) => failures.length)
    const skipped = sum((outcome) => outcome.skipped)
    const passed = sum((outcome) => outcome.passed)
    console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
    return failed === 0
  }

  return { add, read: readOutcome, junit: () => renderJunit(outcomes), finish }
}

/** A run that ended badly fails, also when its report is missing or tells of no failure (an error between tests). */
function readOutcome({ name, xml, code, output, ms }: RawOutcome): Outcome {
  const suites = /<testsuites[^>]*>([\s\S]*)<\/testsuites>/.exec(xml)?.[1]?.trim() ?? ''
  const failures = [...readFailures(xml)]
  const count = (attribute: string) => Number(new RegExp(`<testsuites[^>]* ${attribute}="(\\d+)"`).exec(xml)?.[1] ?? 0)
  const passed = count('tests') - count('failures') - count('skipped')
  const skipped = count('skipped')
  const tail = output.split('\n').slice(-80).join('\n')
  if (xml === '')
    failures.push({
      file: '',
      name: `${name} tests`,
      message: `The run ended without a report (exit ${code}).\n${tail}`,
    })
  else if (code !== 0 && failures.length === 0)
    failures.push({
      file: '',
      name: `${name} tests`,
      message: `Something failed outside a test (exit ${code}).\n${tail}`,
    })
  return { name, passed, skipped, failures, suites, ms }
}

function* readFailures(xml: string): Generator<Failure> {
  for (const [, attributes = '', body = ''] of xml.matchAll(/<testcase ([^>]*[^/>])>([\s\S]*?)<\/testcase>/g)) {
    const failure = /<failure([^>]*?)(?:\/>|>([\s\S]*?)<\/failure>)/.exec(body)
    if (failure === null) continue
    const attribute = (text: string, key: string) =>
      decodeXml(new RegExp(`(?:^| )${key}="([^"]*)"`).exec(text)?.[1] ?? '')
    const message = decodeXml(failure[2] ?? '').trim() || attribute(failure[1] ?? '', 'message')
    const within = attribute(attributes, 'classname')
    yield {
      file: attribute(attributes, 'file'),
      name: [within, attribute(attributes, 'name')].filter((part) => part !== '').join(' › '),
      message,
    }
  }
}

function renderJunit(outcomes: readonly Outcome[]): string {
  const body = outcomes.map((outcome) => {
    if (outcome.suites !== '') return outcome.suites
    const cases = outcome.failures.map(
      ({ name, message }) =>
        `<testcase name="${encodeXml(name)}"><failure message="${encodeXml(message)}" /></testcase>`,
    )
    if (cases.length === 0) cases.push(`<testcase name="${encodeXml(outcome.name)}" />`)
    return `<testsuite name="${encodeXml(outcome.name)}" tests="${cases.length}" failures="${outcome.failures.length}">${cases.join('')}</testsuite>`
  })
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="cairn">\n${body.join('\n')}\n</testsuites>\n`
}

const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' } as const

function encodeXml(text: string): string {
  return text.replace(/[&<>"]/g, (char) => entities[char as keyof typeof entities])
}

function decodeXml(text: string): string {
  return text
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&')
}
