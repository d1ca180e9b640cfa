/**
 * The only changes that Cairn makes to what passes through: `model` where the client did not use the provider's own
 * id, and `stream_options.include_usage` where the client streams without asking for usage.
 */
import { applySplices, findFields, readString, type Splice } from './json-spans.ts'
import type { ChatCall, EmbeddingsCall } from '../types.ts'

/** The request for the provider; the client's own bytes when nothing must change. */
export function rewriteRequest(call: EmbeddingsCall & Partial<Pick<ChatCall, 'stream' | 'includeUsage'>>): Uint8Array {
  const spans = findFields(call.body)
  if (!spans) return call.body
  const splices = modelSplices(call.body, spans.fields, call.model)
  if (call.stream === true && call.includeUsage !== true) {
    const options = spans.fields.filter(({ name }) => name === 'stream_options')
    if (options.length === 0)
      splices.push({
        start: spans.close,
        end: spans.close,
        text: `${spans.fields.length > 0 ? ',' : ''}"stream_options":{"include_usage":true}`,
      })
    for (const { start, end } of options) splices.push(...usageSplices(call.body, start, end))
  }
  return applySplices(
    call.body,
    splices.sort((a, b) => a.start - b.start),
  )
}

/** A reply's JSON with its own `model` replaced, or the same bytes when it has none. */
export function rewriteModel(json: Uint8Array, model: string): Uint8Array {
  const spans = findFields(json)
  return spans ? applySplices(json, modelSplices(json, spans.fields, model)) : json
}

/**
 * A frame of a stream with the `model` inside that field of its JSON replaced and every other byte kept. The JSON is
 * at `span`.
 */
export function rewriteModelWithin(
  frame: Uint8Array,
  span: { readonly start: number; readonly end: number },
  field: string,
  model: string,
): Uint8Array {
  const fields = findFields(frame.subarray(0, span.end), span.start)?.fields
  const holder = fields?.find(({ name }) => name === field)
  if (!holder) return frame
  const before = frame.subarray(holder.start, holder.end)
  const after = rewriteModel(before, model)
  if (after === before) return frame
  return applySplices(frame, [{ start: holder.start, end: holder.end, text: new TextDecoder().decode(after) }])
}

/**
 * Every `model` that differs, not only the last: parsers disagree on which of two equal keys counts, and the provider
 * must run the model that routing judged.
 */
function modelSplices(
  bytes: Uint8Array,
  fields: readonly { name: string; start: number; end: number }[],
  model: string,
): Splice[] {
  return fields
    .filter(({ name, start, end }) => name === 'model' && readString(bytes.subarray(start, end)) !== model)
    .map(({ start, end }) => ({ start, end, text: JSON.stringify(model) }))
}

function usageSplices(bytes: Uint8Array, start: number, end: number): Splice[] {
  const spans = findFields(bytes.subarray(0, end), start)
  if (!spans) return [{ start, end, text: '{"include_usage":true}' }]
  const present = spans.fields.filter(({ name }) => name === 'include_usage')
  if (present.length > 0) return present.map((field) => ({ start: field.start, end: field.end, text: 'true' }))
  return [{ start: spans.close, end: spans.close, text: `${spans.fields.length > 0 ? ',' : ''}"include_usage":true` }]
}
