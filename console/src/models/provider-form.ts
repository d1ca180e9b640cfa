/** A provider as it is typed into the form, and as the server takes it. */
import type { Label, ProviderSettings, ProviderWrite } from '@cairn/contract'

export interface ProviderForm {
  readonly id: string
  readonly dialect: ProviderSettings['dialect']
  readonly baseUrl: string
  /** Empty: the stored one stays. It is written only; nothing ever fills it. */
  readonly apiKey: string
  readonly removesKey: boolean
  /** Empty: by the address. */
  readonly egress: 'local' | 'external' | ''
  /** Empty: the usual one for its place. */
  readonly clearance: Label | ''
  readonly region: string
  readonly maxInFlight: string
  readonly auth: 'bearer' | 'api-key'
  readonly hasResponses: boolean
  /** One id a line. */
  readonly models: string
}

export const emptyForm: ProviderForm = {
  id: '',
  dialect: 'openai',
  baseUrl: '',
  apiKey: '',
  removesKey: false,
  egress: '',
  clearance: '',
  region: '',
  maxInFlight: '',
  auth: 'bearer',
  hasResponses: false,
  models: '',
}

export function formOf(id: string, settings: ProviderSettings): ProviderForm {
  return {
    ...emptyForm,
    id,
    dialect: settings.dialect,
    baseUrl: settings.baseUrl,
    egress: settings.egress ?? '',
    clearance: settings.clearance ?? '',
    region: settings.region ?? '',
    maxInFlight: settings.maxInFlight === undefined ? '' : String(settings.maxInFlight),
    auth: settings.auth ?? 'bearer',
    hasResponses: settings.hasResponses ?? false,
    models: settings.models.map(idOf).join('\n'),
  }
}

/** `before`: what is stored, of which that stays which the form does not show. */
export function readForm(form: ProviderForm, before: ProviderSettings | null): ProviderWrite {
  const region = form.region.trim()
  const isOpenAi = form.dialect === 'openai'
  return {
    dialect: form.dialect,
    baseUrl: form.baseUrl.trim(),
    ...(form.egress !== '' && { egress: form.egress }),
    ...(form.clearance !== '' && { clearance: form.clearance }),
    ...(region !== '' && { region }),
    ...(form.maxInFlight.trim() !== '' && { maxInFlight: Number(form.maxInFlight) }),
    ...(isOpenAi && form.auth === 'api-key' && { auth: form.auth }),
    ...(isOpenAi && form.hasResponses && { hasResponses: true }),
    ...(before?.enabled !== undefined && { enabled: before.enabled }),
    models: readModels(form.models, before?.models ?? []),
    ...(form.removesKey ? { apiKey: null } : form.apiKey.trim() !== '' && { apiKey: form.apiKey.trim() }),
  }
}

/** A model that stays in the list keeps what was declared of it, such as its price. */
function readModels(text: string, before: ProviderSettings['models']): ProviderSettings['models'] {
  const ids = new Set(
    text
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean),
  )
  return [...ids].map((id) => before.find((model) => idOf(model) === id) ?? id)
}

function idOf(model: ProviderSettings['models'][number]): string {
  return typeof model === 'string' ? model : model.id
}

const fields = [
  'id',
  'dialect',
  'baseUrl',
  'apiKey',
  'egress',
  'clearance',
  'region',
  'maxInFlight',
  'auth',
  'hasResponses',
  'models',
] as const

export type ProviderField = (typeof fields)[number]

/** The field of the form that the server means by `models[0].id`; null for one that the form does not have. */
export function fieldOf(param: string | undefined): ProviderField | null {
  const name = param?.split(/[.[]/, 1)[0]
  return fields.find((field) => field === name) ?? null
}

export interface ProviderPreset {
  readonly id: string
  readonly name: string
  readonly dialect: ProviderSettings['dialect']
  readonly baseUrl: string
  readonly hasResponses?: true
}

/** Addresses by the vendors' documentation; those of local servers are their usual ports. */
export const presets: readonly ProviderPreset[] = [
  { id: 'openai', name: 'OpenAI', dialect: 'openai', baseUrl: 'https://api.openai.com/v1', hasResponses: true },
  { id: 'anthropic', name: 'Anthropic', dialect: 'anthropic', baseUrl: 'https://api.anthropic.com' },
  {
    id: 'google',
    name: 'Google',
    dialect: 'google',
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta',
  },
  { id: 'mistral', name: 'Mistral', dialect: 'openai', baseUrl: 'https://api.mistral.ai/v1' },
  { id: 'groq', name: 'Groq', dialect: 'openai', baseUrl: 'https://api.groq.com/openai/v1' },
  { id: 'openrouter', name: 'OpenRouter', dialect: 'openai', baseUrl: 'https://openrouter.ai/api/v1' },
  { id: 'ollama', name: 'Ollama', dialect: 'openai', baseUrl: 'http://127.0.0.1:11434/v1' },
  { id: 'lm-studio', name: 'LM Studio', dialect: 'openai', baseUrl: 'http://127.0.0.1:1234/v1' },
  { id: 'vllm', name: 'vLLM', dialect: 'openai', baseUrl: 'http://127.0.0.1:8000/v1' },
]

/** Fills in what the preset knows; a name that was typed stays. */
export function applyPreset(form: ProviderForm, preset: ProviderPreset): ProviderForm {
  const isOwnName = form.id !== '' && presets.every(({ id }) => id !== form.id)
  return {
    ...form,
    id: isOwnName ? form.id : preset.id,
    dialect: preset.dialect,
    baseUrl: preset.baseUrl,
    hasResponses: preset.hasResponses ?? false,
  }
}
