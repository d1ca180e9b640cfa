/** What console and plugin share of talking to the server: event streams, and the events of an answer. No DOM, no fetch. */
export { eventsOf, parseAskEvent } from './ask-events.ts'
export { createConversation, type Conversation, type ConversationParts, type Scope } from './conversation.ts'
export { createEventParser, readEvents, type ServerEvent } from './event-stream.ts'
export { createFailures, sentenceOf, type Failure, type Failures, type Reply } from './failure.ts'
export { tryParseJson } from './try-parse-json.ts'
export {
  applyEvent,
  failTurn,
  groupByNote,
  historyOf,
  isRunning,
  nameOfNote,
  newTurn,
  type NewTurn,
  type NoteCitations,
  type Turn,
} from './turn.ts'
