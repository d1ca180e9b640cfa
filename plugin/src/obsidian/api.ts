/** What Cairn promises other plugins, as `app.plugins.plugins.cairn.api`: docs/guide/obsidian.md, “For other plugins”. */
import type { App } from 'obsidian'
import type { AskScope, Citation, Receipt } from '@cairn/contract'
import type { Connection } from '../core/connection/connection.ts'
import { readScope } from '../core/ask/scope.ts'
import type { Cairn } from './open-cairn.ts'
import { openAsk } from './open-ask.ts'

export interface CairnApi {
  /** Grows when something is taken away or means something else; more may come without that. */
  readonly version: 1
  readonly connection: Pick<Connection, 'state'>
  /** Asks, and gives the whole answer. Rejects with a sentence when there is none to give. */
  readonly ask: (question: string, options?: AskOptions) => Promise<CairnAnswer>
  /** Opens the view *Ask*; the question stands in its box and is not sent. */
  readonly openAsk: (question?: string, options?: Pick<AskOptions, 'scope'>) => Promise<void>
}

export interface AskOptions {
  /** `{ notes, folders, tags }`, or as in a link: `folder:Projects,tag:active`. All notes unless told. */
  readonly scope?: AskScope | string
  /** Id of a model; that of the settings unless told. */
  readonly model?: string
  /** How many sources, 1 to 20. */
  readonly limit?: number
  readonly signal?: AbortSignal
}

export interface CairnAnswer {
  readonly outcome: 'answered' | 'not-found' | 'refused'
  /** Markdown of a model. Whoever writes it into a note makes it harmless first. */
  readonly answer: string
  readonly citations: readonly Citation[]
  readonly receipt: Receipt
}

export function createApi(app: App, cairn: Cairn): CairnApi {
  return {
    version: 1,
    connection: { state: cairn.connection.state },
    ask: (question, options) => ask(cairn, question, options),
    openAsk: (question, { scope } = {}) => openAsk(app, question, scope === undefined ? null : namedScope(scope)),
  }
}

async function ask(cairn: Cairn, question: string, options: AskOptions = {}): Promise<CairnAnswer> {
  const { settings, server, app } = cairn
  const { scope, model = settings.get('answers.model'), limit = settings.get('answers.citations'), signal } = options
  if (typeof question !== 'string' || question.trim() === '') throw new Error('Give a question.')
  const only = scope === undefined ? null : namedScope(scope)
  const vault = settings.get('connection.vault')
  if (settings.get('privacy.askBeforeExternal')) {
    const models = await server.models()
    if (!models.ok) throw new Error(models.failure.title)
    const known = models.value.find(({ id, isDefault }) => (model === '' ? isDefault : id === model))
    const isSure = known?.egress !== 'external' || (await app.confirm(external(known)))
    if (!isSure) throw new Error('The question was not sent: the person said no.')
  }
  const reply = await server.ask(
    {
      question: question.trim(),
      limit,
      ...(vault === '' ? {} : { vault }),
      ...(model === '' ? {} : { model }),
      ...(only === null ? {} : { scope: only }),
    },
    { timeoutMs: settings.get('connection.timeoutSeconds') * 1_000, ...(signal === undefined ? {} : { signal }) },
  )
  if (!reply.ok) throw new Error([reply.failure.title, reply.failure.message].filter((each) => each !== '').join('. '))
  const { outcome, answer, citations, receipt } = reply.value
  return { outcome, answer, citations, receipt }
}

/** A scope that names nothing is a mistake of the caller; to take it for all notes would send more than was meant. */
function namedScope(given: AskScope | string): AskScope {
  const scope = readScope(given)
  if (scope === null) throw new Error('The scope names no note, folder or tag.')
  return scope
}

const external = ({ id, provider }: { readonly id: string; readonly provider: string }) => ({
  title: 'Send passages to another machine?',
  text: `Another plugin asks a question. It and the passages found for it go to ${provider}, which runs ${id} outside of your server’s machine.`,
  yes: 'Send',
})
