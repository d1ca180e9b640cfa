/** OpenAI’s Responses API, for clients that speak it. Cairn keeps nothing of a response. */
import type { ResponsesRequest } from '@cairn/contract'
import { encodeFrame } from '../frames.ts'
import type { DialectConversion, DialectErrors } from '../types.ts'
import { describeError } from './errors.ts'
import { fromChat } from './reply.ts'
import { toChat } from './request.ts'
import { openStream } from './stream.ts'

export const responsesDialect: DialectConversion<ResponsesRequest> & DialectErrors = {
  toChat,
  fromChat,
  openStream,
  // Of a stream that was passed through, the number of the last event is not known.
  frame: (error) => encodeFrame({ ...describeError(error), sequence_number: 0 }),
}
