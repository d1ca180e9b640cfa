/**
 * `POST /v1/chat/completions`. The client’s bytes go to the provider and the provider’s bytes come back; what little
 * changes is in `providers/openai/rewrite.ts`.
 */
import { answerChat, type ChatInput } from './gateway-chat.ts'
import { explain, finish, replyWithJson, type GatewayReply, type GatewayServices } from './gateway-reply.ts'
import { chatEnds, teeStream } from './tee-stream.ts'
import type { Call } from './types.ts'

export type Chat = (call: Call, input: ChatInput) => Promise<GatewayReply>

export function createChat(services: GatewayServices): Chat {
  const { clock } = services

  return async function chat(call, input) {
    const { heard, end } = await answerChat(call, { ...input, kind: 'chat', event: 'chat.completed' }, services)
    if (heard.kind === 'json') {
      await finish(end('ok', heard.reply.usage), services)
      return replyWithJson(call, heard.reply, heard.reply, clock)
    }
    const { reply } = heard
    const ended = (how: string) => void end(how === 'complete' ? 'ok' : 'failed', reply.usage())
    const headers = { 'content-type': 'text/event-stream; charset=utf-8', ...explain(call, reply, null, clock) }
    return { status: 200, headers, body: teeStream(reply, { signal: call.signal, ended, ends: chatEnds }) }
  }
}
