/**
 * The bare relay: Bun’s server parses the request’s body, serialises it again, fetches, and passes the reply on. With
 * `--cached FILE` it parses the body and gives back the bytes of the file. Nothing else, so it is what a gateway on
 * this runtime can come near.
 */
import { readFileSync } from 'node:fs'

const flag = (name: string) => {
  const at = process.argv.indexOf(name)
  return at < 0 ? undefined : process.argv[at + 1]
}
const upstream = flag('--upstream')
const file = flag('--cached')
const bytes = file === undefined ? null : readFileSync(file)

interface Body {
  readonly model?: unknown
}

async function giveCached(request: Request): Promise<Response> {
  const body = (await request.json()) as Body
  if (typeof body.model !== 'string') return new Response(null, { status: 400 })
  return new Response(bytes, { headers: { 'content-type': 'application/json' } })
}

async function relay(request: Request): Promise<Response> {
  const body = (await request.json()) as Body
  const reply = await fetch(`${upstream}${new URL(request.url).pathname}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'accept-encoding': 'identity',
      authorization: request.headers.get('authorization') ?? '',
    },
    body: JSON.stringify(body),
    signal: request.signal,
  })
  const type = reply.headers.get('content-type') ?? 'application/json'
  return new Response(reply.body, { status: reply.status, headers: { 'content-type': type } })
}

Bun.serve({
  hostname: '127.0.0.1',
  port: Number(flag('--port')),
  development: false,
  fetch: bytes === null ? relay : giveCached,
})
