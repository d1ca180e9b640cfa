/** What routing and the pipeline ask of a provider, whatever its dialect. */
import type { CapabilityName, Label } from '@cairn/contract'
import type { EgressPermit } from '../platform/index.ts'

/** What is known of a model by its provider or by the configuration; null or absent where nothing is. */
export interface ModelDeclaration {
  readonly id: string
  readonly kind: 'chat' | 'embedding' | 'unknown'
  readonly contextWindow: number | null
  readonly maxOutputTokens: number | null
  readonly capabilities: Readonly<Partial<Record<CapabilityName, boolean>>>
  readonly inputUsdPerMTok: number | null
  readonly outputUsdPerMTok: number | null
  readonly cacheReadUsdPerMTok: number | null
  readonly cacheWriteUsdPerMTok: number | null
  /** The vendor’s name of the same model, where prices and capabilities are looked up. */
  readonly catalogueId: string | null
  readonly weight: number
  readonly priority: number
}

export type ProviderDialect = 'openai' | 'anthropic' | 'google' | 'extractive'

export interface Provider {
  readonly id: string
  readonly dialect: ProviderDialect
  readonly egress: 'local' | 'external'
  readonly clearance: Label
  readonly region: string | null
  /** The address that a permit must be made for; null for what never leaves this process. */
  readonly url: string | null
  /** What the configuration declares; empty means: ask `listModels`. */
  readonly models: readonly ModelDeclaration[]
  /** Most requests in work at once over all processes of the host; null for the usual bound. */
  readonly maxInFlight: number | null
  chat(call: ChatCall, context: CallContext): Promise<ChatReply>
  embeddings(call: EmbeddingsCall, context: CallContext): Promise<JsonReply>
  /** Anthropic’s dialect as it came; absent where the provider does not speak it. */
  messages?(call: NativeCall, context: CallContext): Promise<ChatReply>
  /** OpenAI’s *responses* as they came; absent where the provider does not have them. */
  responses?(call: NativeCall, context: CallContext): Promise<ChatReply>
  listModels(context: CallContext): Promise<ModelDeclaration[]>
}

export interface CallContext {
  readonly permit: EgressPermit
  /** Aborting it closes the connection to the provider, also in the middle of a stream. */
  readonly signal: AbortSignal
}

export interface EmbeddingsCall {
  /** The request in the OpenAI dialect, as the client sent it. */
  readonly body: Uint8Array
  /** The provider's own id of the model. */
  readonly model: string
  /** What the reply calls the model; null leaves the reply as it came. */
  readonly answerAs: string | null
}

export interface ChatCall extends EmbeddingsCall {
  readonly stream: boolean
  /** True when the client itself asked for the usage chunk. */
  readonly includeUsage: boolean
}

/** A request in another dialect than chat, passed through to a provider that speaks it. */
export interface NativeCall extends EmbeddingsCall {
  readonly stream: boolean
  /** Request headers that belong to the dialect (`anthropic-version`, `anthropic-beta`), names in small letters. */
  readonly headers: Readonly<Record<string, string>>
}

/** Token counts as the provider reported them; null where it did not. */
export interface Usage {
  /** All input tokens, those of a prompt cache included. */
  readonly input: number | null
  /** All output tokens, those of reasoning included. */
  readonly output: number | null
  /** Of the input: read from the provider’s prompt cache, and written to it. */
  readonly cacheRead?: number
  readonly cacheWrite?: number
  /** Of the output: spent on reasoning. */
  readonly reasoning?: number
}

export interface JsonReply {
  readonly kind: 'json'
  readonly body: Uint8Array
  readonly usage: Usage
}

export type ChatReply =
  | (JsonReply & {
      /** Of the first choice. */
      readonly text: string
      /** Characters of all that the model said, reasoning and tool calls included; not known when absent. */
      readonly chars?: number
    })
  | { readonly kind: 'stream'; readonly stream: ChatStream }

export interface StreamPiece {
  /** Whole SSE frames. */
  readonly bytes: Uint8Array
  /** The same without the frame that holds usage and nothing else, for a client that did not ask for it. May be empty. */
  readonly withoutUsage: Uint8Array
  /** The answer's text in them, first choice. */
  readonly text: string
  /** Characters of all that the model said in them, reasoning and tool calls included; those of `text` when absent. */
  readonly chars?: number
}

/** A streamed reply whose first content has arrived. Reads one piece at a time, so a slow reader slows the provider. */
export interface ChatStream {
  /** Null at the clean end. Throws `UpstreamFailure` when the provider breaks off, the signal's reason when aborted. */
  read(): Promise<StreamPiece | null>
  /** After the clean end: the closing `data: [DONE]` frame, which `read` leaves out so that something may precede it. */
  ending(): Uint8Array
  usage(): Usage
  /** Closes the connection. */
  cancel(): void
  /** Resolves when nothing more will come, however it ended. */
  readonly settled: Promise<void>
}
