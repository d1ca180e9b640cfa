/** Google (Gemini) behind the adapter of the AI SDK’s packages. */
import type { JSONObject, JSONValue, LanguageModelV4CallOptions } from '@ai-sdk/provider'
import { isRecord } from '../../base/index.ts'
import type { FailureKind } from '../failure.ts'
import { findRecord, isAbsent, readRecord, refuse, type Fields } from '../ai-sdk/refuse.ts'
import type { Fetch, Vendor, VendorError } from '../ai-sdk/vendor.ts'
import { createGoogleCollector } from './collector.ts'

export const google: Vendor = {
  key: 'google',
  name: 'Google',
  async openModel(id, { baseUrl, fetch }) {
    return (await openPackage(baseUrl, fetch)).languageModel(checkModelId(id))
  },
  prepare,
  takesFile: (mediaType) => /^(image|audio|video|text)\/[\w.+-]+$/.test(mediaType) || mediaType === 'application/pdf',
  typeOfUrl,
  restoreParts: () => [],
  restoreOptions(extra) {
    const signature = extra['thought_signature']
    return typeof signature === 'string' ? { thoughtSignature: signature } : undefined
  },
  kindOf,
  passesOver: () => false,
  isUnknownEvent: () => false,
  createCollector: createGoogleCollector,
}

/** Loaded with the first request, because reading it takes longer than the rest of the start. */
export async function openPackage(baseUrl: string, fetch: Fetch) {
  const { createGoogle } = await import('@ai-sdk/google')
  return createGoogle({
    baseURL: baseUrl,
    // Some text, so that the package looks for no key in the environment. The real one is put in behind it.
    apiKey: 'behind-the-door',
    fetch: ((input: string, init: { headers?: Record<string, string>; body?: string }) => fetch(input, init)) as never,
  })
}

/** The id becomes part of the address. */
export function checkModelId(id: string): string {
  if (!/^(?:[a-zA-Z]+\/)?[\w-][\w.-]*$/.test(id)) refuse('model', 'This is no name of a model at Google.')
  return id
}

/** Google’s own settings, as clients of its OpenAI-compatible address send them: names by underscores. */
const ownOptions: Readonly<Record<string, string>> = {
  thinking_config: 'thinkingConfig',
  cached_content: 'cachedContent',
  safety_settings: 'safetySettings',
  media_resolution: 'mediaResolution',
}

async function prepare(options: LanguageModelV4CallOptions, body: Fields): Promise<LanguageModelV4CallOptions> {
  if (body['parallel_tool_calls'] === false && options.tools)
    refuse('parallel_tool_calls', 'Google cannot be kept from calling several tools at once.')
  const nested = isAbsent(body['google']) ? findRecord(findRecord(body, 'extra_body'), 'google') : body['google']
  const own = readOwn(readRecord(nested, 'google'))
  const thinks = options.reasoning !== undefined && options.reasoning !== 'none'
  const thinkingConfig = { ...(thinks ? { includeThoughts: true } : {}), ...findRecord(own, 'thinkingConfig') }
  return {
    ...options,
    providerOptions: {
      google: {
        ...own,
        ...(Object.keys(thinkingConfig).length > 0 ? { thinkingConfig: thinkingConfig as never } : {}),
      },
    },
  }
}

function readOwn(fields: Fields): JSONObject {
  const own: JSONObject = {}
  for (const [name, value] of Object.entries(fields)) {
    if (isAbsent(value)) continue
    const known = ownOptions[name] ?? refuse(`google.${name.slice(0, 60)}`, 'This setting is not passed on to Google.')
    own[known] = camelCased(value as JSONValue, 0)
  }
  return own
}

function camelCased(value: JSONValue, depth: number): JSONValue {
  if (depth > 4 || typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((each) => camelCased(each, depth + 1))
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      each === undefined ? null : camelCased(each, depth + 1),
    ]),
  )
}

const typesByEnding: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  bmp: 'image/bmp',
  pdf: 'application/pdf',
}

/** Google fetches public addresses itself since Gemini 2.5, and wants to be told their media type. */
function typeOfUrl(url: URL, guess: string, model: string): string | null {
  if (!/(^|\/)gemini-/.test(model) || /(^|\/)gemini-(1|2\.0)/.test(model)) return null
  const type = typesByEnding[/\.([a-z]{3,4})$/.exec(url.pathname.toLowerCase())?.[1] ?? '']
  return type ?? (guess === 'application/pdf' ? guess : null)
}

/** By https://ai.google.dev/gemini-api/docs/troubleshooting and the canonical error codes of Google’s APIs. */
const kinds: Readonly<Record<string, FailureKind>> = {
  UNAUTHENTICATED: 'credentials',
  PERMISSION_DENIED: 'credentials',
  RESOURCE_EXHAUSTED: 'rate-limited',
  DEADLINE_EXCEEDED: 'timeout',
  UNAVAILABLE: 'failed',
  INTERNAL: 'failed',
  UNKNOWN: 'failed',
  // The region of this server is not served: nothing that the caller can change.
  FAILED_PRECONDITION: 'failed',
  NOT_FOUND: 'rejected',
}

function kindOf({ type, message, detail }: VendorError): FailureKind | undefined {
  if (type === 'INVALID_ARGUMENT') {
    const reasons = Array.isArray(detail['details']) ? detail['details'].filter(isRecord) : []
    if (reasons.some(({ reason }) => reason === 'API_KEY_INVALID') || /API key (not valid|expired)/i.test(message))
      return 'credentials'
    if (/input token count|maximum number of tokens/i.test(message)) return 'context-length'
  }
  return kinds[type]
}
