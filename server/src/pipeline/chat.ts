/**
 * `POST /v1/chat/completions`. The client’s bytes go to the provider and the provider’s bytes come back; what little
 * changes is in `providers/openai/rewrite.ts`.
 */
import { overhear, textOf } from './capture.ts'
import { answerChat, type ChatInput } from './gateway-chat.ts'
import { explain, finish, replyWithJson, type GatewayReply, type GatewayServices } from './gateway-reply.ts'
import { chatEnds, teeStream } from './tee-stream.ts'
import type { Call } from './types.ts'

export type Chat = (call: Call, input: ChatInput) => Promise<GatewayReply>

export function createChat(services: GatewayServices): Chat {
  const { clock } = services

  return async function chat(call, input) {
    const { heard, keepsAnswer, end } = await answerChat(
      call,
      { ...input, kind: 'chat', event: 'chat.completed' },
      services,
    )
    if (heard.kind === 'json') {
      await finish(
        end('ok', heard.reply.usage, () => textOf(heard.reply.body)),
        services,
      )
      return replyWithJson(call, heard.reply, heard.reply, clock)
    }
    const { reply } = heard
    const { stream, told } = overhear(reply, keepsAnswer)
    const ended = (how: string) => void end(how === 'complete' ? 'ok' : 'failed', reply.usage(), told)
    const headers = { 'content-type': 'text/event-stream; charset=utf-8', ...explain(call, reply, null, clock) }
    return { status: 200, headers, body: teeStream(stream, { signal: call.signal, ended, ends: chatEnds }) }
  }
}
