/** What differs between the vendors whose dialect a package of the AI SDK speaks. */
import type { LanguageModelV4, LanguageModelV4CallOptions, LanguageModelV4Prompt } from '@ai-sdk/provider'
import type { FailureKind } from '../failure.ts'
import type { Usage } from '../types.ts'

export type AssistantPart = Extract<LanguageModelV4Prompt[number], { role: 'assistant' }>['content'][number]
export type Fetch = (input: string, init: { headers?: Record<string, string>; body?: string }) => Promise<Response>

export interface ModelSetup {
  /** With the version in its path, without a slash at the end. */
  readonly baseUrl: string
  /** The only way out that the package gets. */
  readonly fetch: Fetch
  /** What the client allows for the whole output, reasoning included. */
  readonly maxOutputTokens: number | undefined
}

export interface Vendor {
  /** Name of its options in the package, and of its extras in `extra_content`. */
  readonly key: 'anthropic' | 'google'
  /** For messages. */
  readonly name: string
  openModel(id: string, setup: ModelSetup): Promise<LanguageModelV4>
  /**
   * The vendor’s own settings out of the request, and what must be said differently to it. Throws `request.invalid`
   * where a field cannot be honoured.
   */
  prepare(
    options: LanguageModelV4CallOptions,
    body: Readonly<Record<string, unknown>>,
    model: string,
  ): Promise<LanguageModelV4CallOptions>
  /** Whether a file of that type may be inside a message. */
  takesFile(mediaType: string): boolean
  /** The media type under which the vendor is told an address to fetch itself; null when it cannot. */
  typeOfUrl(url: URL, guess: 'image/*' | 'application/pdf', model: string): string | null
  /** Parts of an assistant’s message that came with an earlier reply in `extra_content`, to be put before its text. */
  restoreParts(extra: Readonly<Record<string, unknown>>): AssistantPart[]
  /** Which options a text or a tool call of an earlier reply gets back. */
  restoreOptions(extra: Readonly<Record<string, unknown>>): Record<string, string> | undefined
  /** What the vendor’s own error means, where it is something else than its status says. */
  kindOf(error: VendorError): FailureKind | undefined
  /** Whether a frame is none of those that the package knows, and says nothing for it. */
  passesOver(frame: Uint8Array): boolean
  /** Whether an event that the package could not read has a kind of content that it merely does not know. */
  isUnknownEvent(event: unknown): boolean
  createCollector(): Collector
}

export interface VendorError {
  readonly status: number | null
  readonly type: string
  readonly message: string
  /** The whole error object as the vendor sent it. */
  readonly detail: Readonly<Record<string, unknown>>
}

/** Gathers from the vendor’s own JSON what has no place in a chat reply, so that nothing of it is lost. */
export interface Collector {
  /** One event of a stream. */
  takeEvent(event: Readonly<Record<string, unknown>>): void
  /** A whole reply. */
  takeReply(reply: Readonly<Record<string, unknown>>): void
  /** The vendor’s extras by its own names. */
  extras(): Record<string, unknown>
  /** What is known of the usage before the end. */
  usage(): Usage | null
  model(): string | null
}
