/**
 * Words of questions, notes, answers, chats and keys must not leave by the side doors: log lines at the lowest level,
 * standard error, metrics, errors, the audit log. One session with a canary in each place; then everything is searched.
 */
import { afterAll, expect, test } from 'bun:test'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startServer } from './harness.ts'
import { readAuditLog } from './kit/audit-log.ts'
import { startUpstream } from './kit/upstream.ts'

/** Each stands in one place only; none is part of a path or of anything that may be recorded. */
const canaries = {
  question: 'zqquestion',
  history: 'zqhistory',
  note: 'zqnotetext',
  heading: 'zqheading',
  tag: 'zqtagname',
  model: 'zqmodelsaid',
  chat: 'zqchatword',
  embedding: 'zqembedword',
  search: 'zqsearched',
  invalid: 'zqinvalidvalue',
  providerKey: 'sk-zqproviderkey0123456789',
  strangerKey: 'ck_zqstrangerkey0123456789',
  signIn: 'zqsignintoken0123456789',
  header: 'zqheadervalue',
}

const home = await mkdtemp(join(tmpdir(), 'cairn-canaries-'))
afterAll(() => rm(home, { recursive: true }))

test('a whole session leaves no word of it in logs, errors, metrics or audit', async () => {
  const { question, note, heading, tag, model, chat, embedding, search, invalid } = canaries
  await writeFile(
    join(home, 'Allowed path.md'),
    `---\ntags: [${tag}]\n---\n# ${heading}\n\nThe ${note} is kept in the harbour store beside the rope.\n`,
  )
  await writeFile(join(home, 'Broken.md'), Buffer.from(`---\nbad: [${note}\n---\n${note} \xff\xfe`, 'latin1'))
  const kitModels = [
    'echo',
    'echo!status=400',
    'echo!status=401',
    'echo!errorAfter=1',
    'echo!body=malformed',
    'embed-1',
  ]
  const kit = await startUpstream({ models: kitModels, apiKey: canaries.providerKey })
  const wrongKey = await startUpstream({ models: ['echo-refused'], apiKey: 'sk-right' })
  await using server = await startServer({
    vaults: [home],
    env: { CAIRN_LOG_LEVEL: 'debug' },
    upstreams: [
      {
        id: 'kit',
        dialect: 'openai',
        baseUrl: kit.url,
        apiKey: canaries.providerKey,
        egress: 'external',
        clearance: 'restricted',
        models: kitModels,
      },
      { id: 'wrong', dialect: 'openai', baseUrl: wrongKey.url, apiKey: canaries.providerKey, models: ['echo-refused'] },
    ],
  })
  const errors: string[] = []
  const call = async (path: string, body: unknown, init: RequestInit = {}) => {
    const reply = await server.post(path, body, init)
    const text = await reply.text()
    if (!reply.ok || text.includes('event: error')) errors.push(text)
    return text
  }

  // Questions that are answered, not found, refused, broken off and wrong.
  const asked = `Where is the ${note} kept, ${question}? ${model}`
  const history = [
    { role: 'user', content: canaries.history },
    { role: 'assistant', content: canaries.history, label: canaries.history },
  ]
  const answers = [
    await call('/v1/ask', { question: `Where is the ${note} kept?` }),
    await call('/v1/ask', { question: asked, model: 'echo', history, stream: true }),
    await call('/v1/ask', { question: asked, model: 'echo', dryRun: true }),
  ]
  expect(answers.every((text) => text.includes(note))).toBe(true)
  for (const name of [...kitModels.slice(1, 5), 'echo-refused'])
    for (const stream of [true, false]) await call('/v1/ask', { question: asked, model: name, stream })
  await call('/v1/ask', { question: asked, vault: 'nowhere' })
  await call('/v1/ask', { question: asked, history: [{ role: invalid, content: 1 }] })
  await call('/v1/ask', `{"question": "${question}`, { body: `{"question": "${question}` })
  await call('/v1/search', { query: `${search} ${note}` })
  await call('/v1/search', { query: search, mode: invalid, limit: 5_000 })

  // The gateway.
  const messages = [{ role: 'user', content: chat }]
  for (const name of [...kitModels, 'echo-refused', 'auto'])
    for (const stream of [true, false])
      await call('/v1/chat/completions', { model: name, messages, stream, user: chat })
  await call('/v1/chat/completions', { model: 'echo', messages: chat })
  await call('/v1/embeddings', { model: 'embed-1', input: [embedding] })
  await call('/v1/embeddings', { model: 'echo', input: [embedding] })

  // Credentials and headers.
  const bearer = (key: string) => ({ headers: { authorization: `Bearer ${key}`, 'x-note': canaries.header } })
  await call('/v1/ask', { question: asked }, bearer(canaries.strangerKey))
  await call('/auth/sign-in', { token: canaries.signIn })
  const created = (await (await server.post('/api/access/keys', { name: 'Canary client' })).json()) as { key: string }
  await call('/v1/ask', { question: asked }, bearer(created.key))
  await call('/api/vaults', { path: join(home, 'missing') })
  const [vault] = await server.vaults()
  await server.readNote(vault?.id ?? '', 'Allowed path.md')
  await server.call(`/api/vaults/${vault?.id}/reindex`, { method: 'POST' })
  await server.indexed()

  const metrics = await (await server.call('/metrics')).text()
  expect(metrics).toContain('# TYPE')
  expect(metrics).not.toContain(vault?.id ?? '?')
  expect(metrics).not.toContain('Allowed path')
  expect(errors.length).toBeGreaterThan(20)

  const audit = (await readAuditLog(server.dataDirectory, join(server.dataDirectory, '..', 'keyring.json')))
    .map((entry) => JSON.stringify(entry))
    .join('\n')
  expect(audit).toContain('question.asked')
  expect(audit).toContain('Allowed path.md')
  // What names a note stands in the log encrypted, and in the index of the log not at all.
  for (const name of (await readdir(server.dataDirectory)).filter((each) => each.startsWith('audit'))) {
    const path = join(server.dataDirectory, name)
    const stored = (await stat(path)).isFile() ? await readFile(path, 'latin1') : ''
    expect([name, stored.includes('Allowed path') || stored.includes(vault?.id ?? '?')]).toEqual([name, false])
  }
  expect(await server.stop()).toBe(0)
  await Promise.all([kit.close(), wrongKey.close()])

  const secrets = [created.key, server.ownerKey, server.signInUrl.split('sign-in=')[1] ?? '?']
  const places = {
    'standard error': server.stderr(),
    'standard output': server.stdout().replaceAll(server.signInUrl, ''),
    metrics,
    audit,
    errors: errors.join('\n'),
  }
  expect(places['standard error'].split('\n').length).toBeGreaterThan(40)
  const leaks = Object.entries(places).flatMap(([place, text]) =>
    [...Object.values(canaries), ...secrets]
      // An error may quote a wrong scalar, never a question, message, note or secret.
      .filter((canary) => !(place === 'errors' && canary === invalid))
      .flatMap((canary) => {
        const at = text.indexOf(canary)
        return at === -1 ? [] : [`${canary} in ${place}: …${text.slice(Math.max(0, at - 120), at + 40)}…`]
      }),
  )
  expect(leaks).toEqual([])
})
