/** Handlers of usage and budgets. */
import type { BudgetRule, BudgetsReply, UsageQuery, UsageReply } from '@cairn/contract'
import { fail } from '../../base/index.ts'
import { noUsage } from '../../metering/index.ts'
import { json, type HttpReply } from '../reply.ts'
import type { Call } from '../dependencies.ts'
import type { ProtectedInput, RouteServices } from '../route.ts'
import { recordCall } from './record.ts'

type Input<B = undefined, Q = undefined> = ProtectedInput<string, B, Q>

export async function readUsage({ call, services, query }: Input<undefined, UsageQuery>): Promise<HttpReply> {
  const { from, to } = query
  if (from !== undefined && to !== undefined && from >= to)
    fail('request.invalid', { param: 'to', message: 'to: must be later than “from”; it is exclusive.' })
  const seesAll = services.access.may(call.principal, 'usage.read')
  const usage = seesAll ? await services.metering.usage(query) : await readOwnUsage(call, services, query)
  await recordCall(services, call, 'usage.read', { by: query.by })
  return json(usage)
}

/** Of those who may not see everybody’s: what they and their own keys used. */
async function readOwnUsage(
  { principal }: Call,
  { access, metering }: RouteServices,
  query: UsageQuery,
): Promise<UsageReply> {
  if (query.by === 'hour' || query.by === 'day') return metering.usage(query, principal.id)
  const ids =
    query.by === 'user'
      ? new Set([principal.id])
      : query.by === 'key'
        ? new Set((await access.listKeys(principal)).map(({ id }) => id))
        : fail('access.forbidden', {
            message: 'You need `usage.read` for this. Your own usage is told with by=hour, by=day, by=user and by=key.',
          })
  const [usage, own] = await Promise.all([metering.usage(query), metering.usage({ ...query, by: 'user' })])
  const mine = own.rows.find(({ group }) => group === principal.id)
  const { group: _, ...total } = mine ?? { group: '', ...noUsage }
  return { ...usage, of: 'own', rows: usage.rows.filter(({ group }) => ids.has(group)), total }
}

export async function listBudgets({ services }: Input): Promise<HttpReply> {
  return json({ rules: await services.metering.listBudgets() } satisfies BudgetsReply)
}

export async function setBudgets({ call, services, body }: Input<{ rules: BudgetRule[] }>): Promise<HttpReply> {
  body.rules.forEach(checkRule)
  const rules = await services.metering.setBudgets(body.rules, call.principal.id)
  await recordCall(services, call, 'budget.changed', { rules: body.rules.length })
  return json({ rules } satisfies BudgetsReply)
}

/** Two rules for one subject would leave open which of them counts. */
function checkRule({ subject }: BudgetRule, index: number, all: readonly BudgetRule[]): void {
  const refuse = (message: string) => fail('request.invalid', { param: `rules[${index}].subject`, message })
  if ((subject.kind === 'all') !== (subject.id === '*'))
    refuse(`rules[${index}].subject: the id “*” goes with the kind “all” and with no other.`)
  const first = all.findIndex((rule) => rule.subject.kind === subject.kind && rule.subject.id === subject.id)
  if (first !== index) refuse(`rules[${index}].subject: rules[${first}] is about the same; make one of them.`)
}
