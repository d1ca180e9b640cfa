/**
 * The dialects in which clients may ask, converted to chat requests of the OpenAI dialect and back. Pure: bytes and
 * objects in, bytes out. A provider that speaks a dialect itself gets it unchanged; this is for the others.
 */

/** What belongs to one reply only. */
export interface ReplyIdentity {
  /** Without the prefix of the dialect: `msg_`, `resp_` and the like are put before it. */
  readonly id: string
  /** Seconds since 1970. */
  readonly created: number
  /** What the reply calls the model. */
  readonly model: string
}

export interface ToChatOptions {
  /**
   * True for a provider that wants a model’s earlier reasoning back: it travels in `reasoning_content` and
   * `reasoning_details` of the assistant’s messages. False by default, because many providers refuse those fields.
   */
  readonly keepReasoning?: boolean
}

/** The public words of an error; `type` is the word of the error table. */
export interface DialectError {
  readonly message: string
  readonly type: string
  readonly code: string
}

/** Turns the chunks of a chat stream into the events of another dialect. One for each stream. */
export interface StreamConverter {
  /**
   * Whole SSE frames for one chunk of a chat stream (the parsed JSON of one `data:`); may be empty. Throws
   * `upstream.malformed` for a chunk that makes the reply unreadable.
   */
  push(chunk: Record<string, unknown>): Uint8Array
  /** The frames that end a whole reply. Throws `upstream.malformed` when what came is none. */
  end(): Uint8Array
  /** The frames that tell that the reply broke off, whatever came before. Nothing may follow them. */
  fail(error: DialectError): Uint8Array
}

export interface DialectConversion<Request> {
  /**
   * The same request as a chat request. Throws `request.invalid` with the path of a field that a chat request cannot
   * carry; a field that changes nothing that the client can see is left out.
   */
  toChat(request: Request, options?: ToChatOptions): Record<string, unknown>
  /**
   * A whole chat completion as a reply of the dialect. `request` is repeated where the dialect repeats it. Throws
   * `upstream.malformed` when the completion is none.
   */
  fromChat(completion: Record<string, unknown>, request: Request, identity: ReplyIdentity): Record<string, unknown>
  openStream(request: Request, identity: ReplyIdentity): StreamConverter
}

/** How a stream of the dialect that no converter made (one that was passed through) tells that it broke off. */
export interface DialectErrors {
  frame(error: DialectError): Uint8Array
}
