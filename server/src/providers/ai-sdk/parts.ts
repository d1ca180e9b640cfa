/**
 * The parts of a message’s content, from the OpenAI dialect to the vendor package’s. Addresses are never fetched by us:
 * they go to a vendor that fetches them itself, or are refused.
 */
import type {
  JSONValue,
  LanguageModelV4FilePart,
  LanguageModelV4TextPart,
  SharedV4ProviderOptions,
} from '@ai-sdk/provider'
import { isAbsent, readList, readRecord, readText, refuse, type Fields } from './refuse.ts'
import type { Vendor } from './vendor.ts'

export type ContentPart = LanguageModelV4TextPart | LanguageModelV4FilePart

export interface PartContext {
  readonly vendor: Vendor
  readonly model: string
}

const maxParts = 10_000

/** Text or a list of parts; nothing for null. */
export function readParts(content: unknown, path: string, context: PartContext): ContentPart[] {
  if (isAbsent(content)) return []
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  const list = readList(content, path)
  if (list.length > maxParts) refuse(path, `“${path}” may have ${maxParts} parts at most.`)
  return list.map((part, index) => readPart(readRecord(part, `${path}[${index}]`), `${path}[${index}]`, context))
}

/** Parts that may be text only. */
export function readTexts(content: unknown, path: string, context: PartContext): LanguageModelV4TextPart[] {
  return readParts(content, path, context).map((part, index) =>
    part.type === 'text' ? part : refuse(`${path}[${index}].type`, `“${path}” may hold text only.`),
  )
}

/** The options that Anthropic takes on a part, a message or a tool, under its own names: marks of its prompt cache. */
export function cacheOptions(fields: Fields, vendor: Vendor): { providerOptions?: SharedV4ProviderOptions } {
  return vendorOptions(fields, vendor, { cache_control: 'cacheControl' })
}

/** What it takes on a document besides: whether it is cited, and what it is told of it. */
const documentOptions = { cache_control: 'cacheControl', citations: 'citations', title: 'title', context: 'context' }

function vendorOptions(
  fields: Fields,
  { key }: Vendor,
  names: Readonly<Record<string, string>>,
): { providerOptions?: SharedV4ProviderOptions } {
  if (key !== 'anthropic') return {}
  const given = Object.entries(names).filter(([name]) => !isAbsent(fields[name]))
  if (given.length === 0) return {}
  return {
    providerOptions: { [key]: Object.fromEntries(given.map(([name, own]) => [own, fields[name] as JSONValue])) },
  }
}

function readPart(part: Fields, path: string, context: PartContext): ContentPart {
  const cache = cacheOptions(part, context.vendor)
  switch (part['type']) {
    case 'text':
      return { type: 'text', text: readText(part['text'], `${path}.text`), ...cache }
    case 'refusal':
      return { type: 'text', text: readText(part['refusal'], `${path}.refusal`), ...cache }
    case 'image_url':
      return { ...readImage(part['image_url'], `${path}.image_url`, context), ...cache }
    case 'file':
      return {
        ...readFile(readRecord(part['file'], `${path}.file`), `${path}.file`, context),
        ...vendorOptions(part, context.vendor, documentOptions),
      }
    case 'input_audio':
      return readAudio(readRecord(part['input_audio'], `${path}.input_audio`), `${path}.input_audio`, context)
    default:
      return refuse(`${path}.type`, `${context.vendor.name} takes no part of this type.`)
  }
}

function readImage(value: unknown, path: string, context: PartContext): LanguageModelV4FilePart {
  const url = typeof value === 'string' ? value : readText(readRecord(value, path)['url'], `${path}.url`)
  const at = typeof value === 'string' ? path : `${path}.url`
  return url.startsWith('data:') ? readDataUrl(url, 'image/', at, context) : readAddress(url, 'image/*', at, context)
}

function readFile(file: Fields, path: string, context: PartContext): LanguageModelV4FilePart {
  const filename = isAbsent(file['filename'])
    ? {}
    : { filename: readText(file['filename'], `${path}.filename`).slice(0, 500) }
  if (!isAbsent(file['file_data'])) {
    const data = readText(file['file_data'], `${path}.file_data`)
    const asUrl = data.startsWith('data:') ? data : `data:application/pdf;base64,${data}`
    return { ...readDataUrl(asUrl, '', `${path}.file_data`, context), ...filename }
  }
  if (!isAbsent(file['file_url'])) {
    const url = readText(file['file_url'], `${path}.file_url`)
    return { ...readAddress(url, 'application/pdf', `${path}.file_url`, context), ...filename }
  }
  return refuse(`${path}.file_id`, 'Files kept at another provider cannot be used here; send the file as “file_data”.')
}

function readAudio(audio: Fields, path: string, { vendor }: PartContext): LanguageModelV4FilePart {
  const format = readText(audio['format'], `${path}.format`)
  const mediaType = format === 'mp3' ? 'audio/mpeg' : format === 'wav' ? 'audio/wav' : null
  if (mediaType === null || !vendor.takesFile(mediaType)) refuse(path, `${vendor.name} takes no audio of this kind.`)
  const data = checkBase64(readText(audio['data'], `${path}.data`), `${path}.data`)
  return { type: 'file', mediaType, data: { type: 'data', data } }
}

function readDataUrl(url: string, wanted: string, path: string, { vendor }: PartContext): LanguageModelV4FilePart {
  const comma = url.indexOf(',')
  // A media type and its parameters are short; the data may have many megabytes.
  const [mediaType = '', ...parameters] = url
    .slice(5, Math.min(Math.max(comma, 5), 300))
    .toLowerCase()
    .split(';')
  if (comma < 0 || comma > 300 || parameters.at(-1)?.trim() !== 'base64')
    refuse(path, `“${path}” must be an address like data:image/png;base64,…`)
  if (!mediaType.startsWith(wanted) || !vendor.takesFile(mediaType))
    refuse(path, `${vendor.name} takes no file of this type (${mediaType.slice(0, 60)}).`)
  const data = checkBase64(url.slice(comma + 1), path)
  return { type: 'file', mediaType, data: { type: 'data', data } }
}

function readAddress(
  text: string,
  guess: 'image/*' | 'application/pdf',
  path: string,
  { vendor, model }: PartContext,
): LanguageModelV4FilePart {
  const url = URL.canParse(text) ? new URL(text) : null
  const mediaType = url?.protocol === 'https:' ? vendor.typeOfUrl(url, guess, model) : null
  if (!url || mediaType === null)
    refuse(path, `${vendor.name} cannot fetch this address, and Cairn fetches none; send the file as data:…;base64,….`)
  return { type: 'file', mediaType, data: { type: 'url', url } }
}

function checkBase64(data: string, path: string): string {
  return /^[A-Za-z0-9+/_-]+={0,2}$/.test(data) ? data : refuse(path, `“${path}” must be base64.`)
}
