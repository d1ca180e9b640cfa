/** Handlers of the AuthZEN Authorization API 1.0: who asks about others needs `access.evaluate`. */
import {
  createAuthZen,
  createConfiguredAdapter,
  createOwnAdapter,
  describeAuthZen,
  type AuthZen,
  type AuthZenReply,
  type KnownEntity,
} from '../../access/index.ts'
import { fail, isRecord, type NoteFacts } from '../../base/index.ts'
import { json, type HttpReply } from '../reply.ts'
import type { ProtectedInput, PublicInput, RouteServices } from '../route.ts'

type Input = ProtectedInput<string, unknown, undefined>
type Api = Exclude<keyof AuthZen, never>

export function describeConfiguration({ exchange }: PublicInput<string, undefined, undefined>): HttpReply {
  return json(describeAuthZen(exchange.ownOrigin))
}

export const evaluate = (input: Input) => answer(input, 'evaluate')
export const evaluations = (input: Input) => answer(input, 'evaluations')
export const searchSubject = (input: Input) => answer(input, 'searchSubject')
export const searchResource = (input: Input) => answer(input, 'searchResource')
export const searchAction = (input: Input) => answer(input, 'searchAction')

async function answer({ call, services, body }: Input, api: Api): Promise<HttpReply> {
  const { access, settings } = services
  const isForeign = settings.authzen !== undefined
  if (
    !access.may(call.principal, 'access.evaluate') &&
    (isForeign || !isOnlyAbout(body, api, access.subjectOf(call.principal).principal))
  )
    fail('access.forbidden', { message: 'You need `access.evaluate` to ask about others than yourself.' })
  const facts = await readFacts(services, body, api)
  const adapter = isForeign
    ? createConfiguredAdapter(settings.authzen)
    : createOwnAdapter((kind, type) => listKnown(services, { kind, type, facts }))
  const engine = access.policy.engine()
  const reply: AuthZenReply = createAuthZen({
    engine: () => ({
      ...engine,
      check: (question) => engine.check({ ...question, facts: question.facts ?? facts.get(question.resource) }),
    }),
    adapter,
    now: () => services.clock.now(),
  })[api](body)
  return json(reply.body, reply.status)
}

/** Whether every subject of the request is the caller, by our own names. */
function isOnlyAbout(body: unknown, api: Api, self: string | undefined): boolean {
  if (api === 'searchSubject' || !isRecord(body)) return false
  const isSelf = (subject: unknown) =>
    isRecord(subject) && `${String(subject['type'])}:${String(subject['id'])}` === self
  const { evaluations: each } = body
  const named = Array.isArray(each)
    ? each.flatMap((one) => (isRecord(one) && 'subject' in one ? [one['subject']] : []))
    : []
  const subjects = [...named, ...('subject' in body || named.length === 0 ? [body['subject']] : [])]
  return subjects.every(isSelf)
}

const mostNotes = 1_000

/** What is known of the notes that the request names, or of all notes where it searches among them. */
async function readFacts({ access, vaults }: RouteServices, body: unknown, api: Api): Promise<Map<string, NoteFacts>> {
  const facts = new Map<string, NoteFacts>()
  if (!isRecord(body)) return facts
  const { resource, evaluations: each } = body
  if (api === 'searchResource' && isRecord(resource) && resource['type'] === 'note') {
    for (const { id } of await vaults.list())
      for (const { path, ...known } of await vaults.allFacts(id)) facts.set(`note:${id}/${path}`, known)
    return facts
  }
  const named = [resource, ...(Array.isArray(each) ? each.map((one) => (isRecord(one) ? one['resource'] : null)) : [])]
  const ids = named.flatMap((one) => (isRecord(one) && one['type'] === 'note' ? [`note:${String(one['id'])}`] : []))
  for (const id of new Set(ids.slice(0, mostNotes))) {
    const known = await access.policy.factsOf(id)
    if (known) facts.set(id, known)
  }
  return facts
}

function listKnown(
  { access, models }: RouteServices,
  { kind, type, facts }: { kind: 'subject' | 'resource'; type: string; facts: ReadonlyMap<string, NoteFacts> },
): KnownEntity[] {
  const { world } = access.policy.engine()
  const entities = (ids: Iterable<string>) => [...ids].map((id) => ({ type, id }))
  if (kind === 'subject')
    return type === 'user' || type === 'service'
      ? entities((type === 'user' ? world.users : world.services).map(({ id }) => id))
      : []
  if (type === 'org') return entities([world.org.slice('org:'.length)])
  if (type === 'note') return entities([...facts.keys()].map((id) => id.slice('note:'.length)))
  if (type === 'model') return entities(models.all().map(({ id }) => id))
  return []
}
