/**
 * `npm run bench -- access [--reference FILE] [--worlds N]`: what a check and a filter cost beside other engines, all of
 * which must give the same answers; then the proofs over many random worlds, and Cedar. `--reference` names a module with
 * another implementation of the model (`engine(world)`), which is asked the same.
 */
import { compile, type Engine, type Question } from '../server/src/access/engine/index.ts'
import { admitsNote } from '../server/src/base/index.ts'
import { ourEngine } from '../server/src/access/testing/our-engine.ts'
import { proofs } from '../server/src/access/testing/proofs.ts'
import { compareWithCedar } from './access/cedar.ts'
import { makeOffice, type Office } from './access/office.ts'
import { openCasbin, openCasl, openCedar, type Peer, type Query } from './access/peers.ts'
import { compareWithReference } from './access/reference.ts'
import { readNumber, type Bench, type BenchRow, type BenchTarget } from './bench.ts'
import { timeRounds, type Contestant, type Timing } from './cache/rounds.ts'

const metrics = {
  check: 'check, 1,000 people, 2,300 statements, 10,000 notes',
  explained: 'check with its explanation',
  filter: 'filter of one person for one vault, made',
  admitted: 'filter of one person for all vaults, made and asked of all 8,995 notes',
  world: 'world made ready',
  differences: 'answers that differ',
} as const

export const bench: Bench = {
  name: 'access',
  summary: 'Decisions of the access engine beside CASL, casbin and Cedar, and its proofs over many random worlds',
  needsPeers: true,
  async run({ quick, args, log }) {
    const office = makeOffice(20_260_305, 4_000)
    const rounds = quick ? 5 : 15
    const engine = compile(office.world)
    log('checks …')
    const { rows, differences } = await measureChecks(office, engine, { rounds, log })
    log('filters …')
    rows.push(...(await measureFilters(office, engine, rounds)))
    const runs = readNumber(args, '--worlds') ?? (quick ? 300 : 3_000)
    log(`proofs over ${runs} worlds …`)
    for (const { run } of proofs) run(ourEngine, { runs, seed: 1 })
    log('Cedar over random worlds …')
    const cedar = compareWithCedar(compile, runs)
    rows.push({
      metric: 'questions to Cedar over random worlds',
      unit: 'questions',
      subject: 'cedar',
      value: cedar.asked,
      spread: null,
    })
    const at = args.indexOf('--reference')
    const reference = at < 0 ? null : await compareWithReference(args[at + 1] ?? '', compile, runs)
    if (reference !== null)
      rows.push({
        metric: 'questions to the reference over random worlds',
        unit: 'questions',
        subject: 'reference',
        value: reference.asked,
        spread: null,
      })
    const different = differences + cedar.different + (reference?.different ?? 0)
    return { rows, targets: judge(rows, different) }
  },
}

// --- Measuring --------------------------------------------------------------------------------------------------------

const toQuestion = ({ principal, action, resource }: Query): Question => ({
  subject: { principal },
  action,
  resource,
  facts: null,
  now: 0,
})

async function measureChecks(
  office: Office,
  engine: Engine,
  { rounds, log }: { rounds: number; log: (line: string) => void },
): Promise<{ rows: BenchRow[]; differences: number }> {
  const questions = office.queries.map(toQuestion)
  const answers = questions.map((question) => engine.check(question))
  log(`${((100 * answers.filter(Boolean).length) / answers.length).toFixed(0)} % allowed`)
  const ours: Peer = { name: 'cairn', share: 1, check: (_, at) => engine.check(questions[at] as Question) }
  const peers = [ours, await openCasl(office), await openCasbin(office), openCedar(office)]
  let differences = 0
  for (const { check, share } of peers)
    for (const [at, query] of office.queries.slice(0, office.queries.length * share).entries())
      if ((await check(query, at)) !== answers[at]) differences += 1
  const toContestant = (peer: Peer): Contestant => ({ name: peer.name, run: cycle(office, peer) })
  const fast = peers.filter(({ share }) => share === 1).map(toContestant)
  const slow = peers.filter(({ share }) => share < 1).map(toContestant)
  const timings = [
    ...(await timeRounds(fast, { rounds, roundMs: 60, by: 'thread' })),
    ...(await timeRounds(slow, { rounds: 3, roundMs: 60, by: 'thread' })),
  ]
  const explaining = {
    name: 'cairn',
    run: repeat(questions, (question) => void engine.explain(question, { audience: 'auditor' })),
  }
  const explained = await timeRounds([explaining], { rounds, roundMs: 60, by: 'thread' })
  return { rows: [...toRows(metrics.check, timings), ...toRows(metrics.explained, explained)], differences }
}

function cycle({ queries }: Office, { check, share }: Peer): (calls: number) => void | Promise<void> {
  const count = Math.floor(queries.length * share)
  const isAsync = check(queries[0] as Query, 0) instanceof Promise
  if (isAsync)
    return async (calls) => {
      for (let at = 0; at < calls; at++) await check(queries[at % count] as Query, at % count)
    }
  return (calls) => {
    for (let at = 0; at < calls; at++) void check(queries[at % count] as Query, at % count)
  }
}

function repeat<Item>(items: readonly Item[], run: (item: Item) => void): (calls: number) => void {
  return (calls) => {
    for (let at = 0; at < calls; at++) run(items[at % items.length] as Item)
  }
}

function toRows(metric: string, timings: readonly Timing[]): BenchRow[] {
  return timings.map(({ name, ns, spread }) => ({
    metric,
    unit: 'µs',
    subject: name,
    value: ns / 1_000,
    spread: spread / 1_000,
  }))
}

async function measureFilters({ world, byVault }: Office, engine: Engine, rounds: number): Promise<BenchRow[]> {
  const people = world.users.map(({ id }) => ({ principal: `user:${id}` }))
  const make = (subject: { principal: string }, vault: string) =>
    engine.filter({ subject, action: 'read', vault, now: 0 })
  const pairs = people.flatMap((subject) => [...byVault.keys()].map((vault) => ({ subject, vault })))
  const askAll = (subject: { principal: string }) => {
    for (const [vault, notes] of byVault) {
      const filter = make(subject, vault)
      for (const note of notes) admitsNote(filter, note)
    }
  }
  const time = async (metric: string, run: (calls: number) => void) =>
    toRows(metric, await timeRounds([{ name: 'cairn', run }], { rounds, roundMs: 60, by: 'thread' }))
  return [
    ...(await time(
      metrics.filter,
      repeat(pairs, ({ subject, vault }) => void make(subject, vault)),
    )),
    ...(await time(metrics.admitted, repeat(people, askAll))),
    ...(await time(
      metrics.world,
      repeat([world], (each) => void compile(each)),
    )),
  ]
}

function judge(rows: readonly BenchRow[], different: number): BenchTarget[] {
  const valueOf = (metric: string, subject: string) =>
    rows.find((row) => row.metric === metric && row.subject === subject)?.value ?? Number.NaN
  const perSecond = 1e6 / valueOf(metrics.check, 'cairn')
  const toCasl = valueOf(metrics.check, 'casl') / valueOf(metrics.check, 'cairn')
  const filter = valueOf(metrics.filter, 'cairn')
  return [
    { metric: 'checks a second on one core', target: '≥ 300,000', value: perSecond, ok: perSecond >= 300_000 },
    { metric: 'times as fast as CASL', target: '≥ 5', value: toCasl, ok: toCasl >= 5 },
    { metric: metrics.filter, target: '≤ 50 µs', value: filter, ok: filter <= 50 },
    { metric: metrics.differences, target: '0', value: different, ok: different === 0 },
  ]
}
