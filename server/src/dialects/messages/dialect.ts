/** Anthropic’s Messages API, for clients that speak it. */
import type { MessagesRequest } from '@cairn/contract'
import { encodeFrame } from '../frames.ts'
import type { DialectConversion, DialectErrors } from '../types.ts'
import { describeError } from './errors.ts'
import { fromChat } from './reply.ts'
import { toChat } from './request.ts'
import { openStream } from './stream.ts'

export const messagesDialect: DialectConversion<MessagesRequest> & DialectErrors = {
  toChat,
  fromChat,
  openStream,
  frame: (error) => encodeFrame(describeError(error)),
}
