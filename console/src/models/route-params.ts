/** The question of a route in the address, so that a link shows it, and as the server takes it. */
import { capabilityNames, labels, type CapabilityName, type Label, type RouteExplainRequest } from '@cairn/contract'

export interface RouteForm {
  /** Empty: the model that answers when none is named. */
  readonly model: string
  readonly kind: RouteExplainRequest['kind']
  readonly label: Label
  readonly needs: readonly CapabilityName[]
  readonly inputTokens: string
  readonly outputTokens: string
}

const kinds = ['ask', 'chat', 'embedding'] as const
/** The default model always answers a question, and nothing else for certain. */
const usualKind = 'ask'
const usualTokens = '1000'

export function readRoute(params: URLSearchParams): RouteForm {
  const needs = (params.get('needs') ?? '').split(',')
  return {
    model: (params.get('model') ?? '').slice(0, 200),
    kind: kinds.find((kind) => kind === params.get('kind')) ?? usualKind,
    label: labels.find((label) => label === params.get('label')) ?? 'public',
    needs: capabilityNames.filter((name) => needs.includes(name)),
    inputTokens: params.get('in') ?? usualTokens,
    outputTokens: params.get('out') ?? usualTokens,
  }
}

export const usualRoute: RouteForm = readRoute(new URLSearchParams())

/** Only what differs from the usual. */
export function writeRoute(form: RouteForm): Record<string, string> {
  return {
    view: 'route',
    ...(form.model.trim() !== '' && { model: form.model.trim() }),
    ...(form.kind !== usualKind && { kind: form.kind }),
    ...(form.label !== 'public' && { label: form.label }),
    ...(form.needs.length > 0 && { needs: form.needs.join(',') }),
    ...(form.inputTokens !== usualTokens && { in: form.inputTokens }),
    ...(form.outputTokens !== usualTokens && { out: form.outputTokens }),
  }
}

/** What is no number is sent as none, for the server to refuse in its words. */
export function requestOf(form: RouteForm): Partial<RouteExplainRequest> {
  return {
    ...(form.model !== '' && { model: form.model }),
    kind: form.kind,
    label: form.label,
    needs: [...form.needs],
    inputTokens: readNumber(form.inputTokens),
    outputTokens: readNumber(form.outputTokens),
  }
}

function readNumber(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text)
}
