/** Other dialects than chat in which clients may ask: Anthropic’s *messages* and OpenAI’s *responses*. */
export { messagesDialect } from './messages/dialect.ts'
export { anthropicErrorType, type AnthropicErrorType } from './messages/errors.ts'
export { responsesDialect } from './responses/dialect.ts'
export type {
  DialectConversion,
  DialectError,
  DialectErrors,
  ReplyIdentity,
  StreamConverter,
  ToChatOptions,
} from './types.ts'
