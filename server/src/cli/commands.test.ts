import { describe, expect, test } from 'bun:test'
import { chmod, mkdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { LoadedConfig } from '../config/index.ts'
import {
  createLocalStore,
  eventsOf,
  handbook,
  key,
  notFound,
  problem,
  readyState,
  reply,
  run,
  startTinyServer,
} from './testing/tiny-server.ts'

const vaultRoutes = { 'GET /api/vaults': () => ({ json: { vaults: [handbook] } }) }

describe('serve', () => {
  test('passes flags as settings, with relative folders made absolute from the caller’s folder', async () => {
    let loaded: LoadedConfig | undefined
    const runServer = (config: LoadedConfig) => ((loaded = config), Promise.resolve(0))
    const { exitCode } = await run(['--cwd', '/somewhere', 'serve', '--vault', 'notes', '--vault=/b', '--port', '0'], {
      services: { runServer },
    })
    expect(exitCode).toBe(0)
    expect(loaded?.config.vaults.map(({ path }) => path)).toEqual(['/somewhere/notes', '/b'])
    expect(loaded?.config.server.port).toBe(0)
    expect(loaded?.vaultsFromFlag).toBe(true)
  })

  test('refuses a wrong configuration with exit code 2 and every mistake', async () => {
    const { exitCode, err } = await run(['serve', '--port', 'many'], { env: { CAIRN_PASSAGES: '0' } })
    expect(exitCode).toBe(2)
    expect(err).toContain('server.port')
    expect(err).toContain('retrieval.passages')
  })
})

describe('ask', () => {
  test('streams the answer and prints the citations with path, heading and quote', async () => {
    await using server = await startTinyServer({ ...vaultRoutes, 'POST /v1/ask': () => ({ events: eventsOf(reply) }) })
    const { exitCode, out } = await run(['ask', 'When', 'is', 'core time?', '--vault', 'Handbook', '--receipt'], {
      server,
    })
    expect(exitCode).toBe(0)
    expect(out).toContain('Core time is from 10:00 to 15:00. [1]\n')
    expect(out).toContain('[1] team/hours.md › Core time\n    Everybody can be reached from 10:00 to 15:00.')
    expect(out).toContain(
      'extractive at built-in (nothing was sent) · 120 tokens in, 9 out · $0.00 · cache miss · 6.0 ms · req_1',
    )
    expect(server.requests.at(-1)).toMatchObject({
      authorization: 'Bearer local-owner',
      body: { question: 'When is core time?', vault: 'vlt_1', stream: true },
    })
  })

  test('ends with 1 and the nearest passages when the notes do not say', async () => {
    await using server = await startTinyServer({ 'POST /v1/ask': () => ({ events: eventsOf(notFound) }) })
    const { exitCode, out } = await run(['ask', 'Who?'], { server })
    expect(exitCode).toBe(1)
    expect(out).toContain('Not found in your notes.\n\nNearest passages\n\n· team/hours.md › Core time')
  })

  test('prints the API’s reply with --json', async () => {
    await using server = await startTinyServer({ 'POST /v1/ask': () => ({ json: reply }) })
    const { exitCode, out } = await run(['ask', 'Who?', '--json'], { server })
    expect(exitCode).toBe(0)
    expect(JSON.parse(out)).toEqual(reply)
  })

  test('reports an error within the stream, and a stream that breaks off', async () => {
    const broken = [...eventsOf(reply)].slice(0, 3)
    const failing = [
      ...broken,
      { event: 'error', data: { error: { code: 'upstream.failed', message: 'The model provider failed.' } } },
    ]
    await using server = await startTinyServer({
      'POST /v1/ask': ({ body }) => ({ events: JSON.stringify(body).includes('fail') ? failing : broken }),
    })
    expect(await run(['ask', 'fail'], { server })).toMatchObject({ exitCode: 1, err: 'The model provider failed.\n' })
    const { exitCode, err } = await run(['ask', 'break'], { server })
    expect(exitCode).toBe(3)
    expect(err).toContain('broke off')
  })

  test('never lets a note move the cursor, recolour the terminal or set its title', async () => {
    const evil = 'a\u001B]0;title\u0007b\u001B[2Jc\u009B31md\re'
    const answer = {
      ...reply,
      answer: evil,
      citations: reply.citations.map((citation) => ({ ...citation, quote: evil, note: evil, heading: evil })),
    }
    await using server = await startTinyServer({ 'POST /v1/ask': () => ({ events: eventsOf(answer) }) })
    const { out } = await run(['ask', 'x'], { server })
    expect(out).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F]/)
    expect(out).toContain('abc')
  })

  test('exits 3 with what to do when no server runs, and when it died without removing its file', async () => {
    const none = await run(['ask', 'x'])
    expect(none.exitCode).toBe(3)
    expect(none.err).toContain('npm start')
    const dead = await startTinyServer({})
    await dead[Symbol.asyncDispose]()
    expect((await run(['ask', 'x'], { server: dead })).exitCode).toBe(3)
  })
})

describe('search', () => {
  test('works on the data directory when no server runs, and closes it', async () => {
    const store = createLocalStore()
    const { exitCode, out } = await run(['search', 'core times'], {
      services: { openLocal: () => Promise.resolve(store) },
    })
    expect(exitCode).toBe(0)
    expect(out).toBe('1  team/hours.md › Core time  0.87\n   The core time of everybody.\n')
    expect(store.closed()).toBe(1)
  })

  test('marks the searched words on a terminal', async () => {
    const { out } = await run(['search', 'core'], {
      columns: 60,
      services: { openLocal: () => Promise.resolve(createLocalStore()) },
    })
    expect(out).toContain('The \u001B[1;33mcore\u001B[0m time')
    const plain = await run(['search', 'core'], {
      columns: 60,
      env: { NO_COLOR: '1' },
      services: { openLocal: () => Promise.resolve(createLocalStore()) },
    })
    expect(plain.out).not.toContain('\u001B')
  })

  test('asks the server when one runs, and ends with 1 when nothing is found', async () => {
    await using server = await startTinyServer({ 'POST /v1/search': () => ({ json: { results: [] } }) })
    expect(await run(['search', 'x', '--mode', 'keyword', '--limit', '3'], { server })).toMatchObject({
      exitCode: 1,
      out: 'Nothing found.\n',
    })
    expect(server.requests[0]?.body).toEqual({ query: 'x', mode: 'keyword', limit: 3 })
  })

  test.each([
    [['--limit', '0'], '1 to 100'],
    [['--limit', 'ten'], '1 to 100'],
    [['--mode', 'fuzzy'], 'hybrid, keyword, semantic'],
  ])('refuses %j', async (flags, words) => {
    const { exitCode, err } = await run(['search', 'x', ...flags])
    expect(exitCode).toBe(2)
    expect(err).toContain(words)
  })
})

describe('vault', () => {
  test('add resolves the folder and sends it to the server', async () => {
    await using server = await startTinyServer({ 'POST /api/vaults': () => ({ status: 201, json: handbook }) })
    const { exitCode, out, root } = await run(['vault', 'add', 'notes', '--name', 'N'], { server })
    expect(exitCode).toBe(0)
    expect(out).toContain('handbook is registered vlt_1')
    expect(server.requests[0]?.body).toEqual({ path: join(root, 'notes'), name: 'N' })
  })

  test('add tells the API’s refusal, and prints it with --json', async () => {
    const refusal = problem('vault.folder', 422, '/x is not a folder.')
    await using server = await startTinyServer({ 'POST /api/vaults': () => ({ status: 422, json: refusal }) })
    expect(await run(['vault', 'add', '/x'], { server })).toMatchObject({ exitCode: 2, err: '/x is not a folder.\n' })
    expect(JSON.parse((await run(['vault', 'add', '/x', '--json'], { server })).out)).toEqual(refusal)
  })

  test('list aligns names that are wide in the terminal', async () => {
    const vaults = [handbook, { ...handbook, id: 'vlt_2', name: '会議の記録' }]
    const { out } = await run(['vault', 'list'], {
      columns: 120,
      env: { NO_COLOR: '1' },
      services: { openLocal: () => Promise.resolve(createLocalStore(vaults)) },
    })
    expect(out).toBe(
      [
        'VAULT       NOTES  PASSAGES  INDEX  FOLDER           ID',
        'handbook        3        12  ready  /notes/handbook  vlt_1',
        '会議の記録      3        12  ready  /notes/handbook  vlt_2',
        '',
      ].join('\n'),
    )
  })

  test('remove takes a name, and says what is near a wrong one', async () => {
    await using server = await startTinyServer({ ...vaultRoutes, 'DELETE /api/vaults/vlt_1': () => ({ status: 204 }) })
    expect((await run(['vault', 'remove', 'handbook'], { server })).exitCode).toBe(0)
    const wrong = await run(['vault', 'remove', 'handbok'], { server })
    expect(wrong.exitCode).toBe(1)
    expect(wrong.err).toContain('Did you mean “handbook”?')
  })
})

describe('index', () => {
  test('shows progress as plain lines when the output is no terminal', async () => {
    const indexing = { ...readyState, state: 'indexing', done: 1, notesPerSecond: 50, secondsLeft: 3 }
    await using server = await startTinyServer({
      ...vaultRoutes,
      'POST /api/vaults/vlt_1/reindex': () => ({
        events: [
          { event: 'index', data: indexing },
          { event: 'done', data: { state: 'ready' } },
        ],
      }),
    })
    const { exitCode, out } = await run(['index', 'handbook'], { server })
    expect(exitCode).toBe(0)
    expect(out).toContain(' 33%  1/3 notes  50/s  0:03 left\n')
    expect(out).toContain('✓ handbook  3 notes, 12 passages in 0.0 s\n')
  })

  test('lists files that were left out, with the reason', async () => {
    const index = { ...readyState, problemCount: 7, problems: [{ path: 'a.md', reason: 'it is larger than 10 MB' }] }
    const store = { ...createLocalStore(), index: () => Promise.resolve({ ...handbook, index }) }
    const { out } = await run(['index'], { services: { openLocal: () => Promise.resolve(store) } })
    expect(out).toContain('7 files were left out or read in part:\n    a.md: it is larger than 10 MB\n    and 6 more')
  })

  test('exits 3 with the reason when the store cannot be opened', async () => {
    const { exitCode, err } = await run(['index'])
    expect(exitCode).toBe(3)
    expect(err).toContain('locked by another process')
    expect(err).toContain('cairn doctor')
  })
})

describe('key and sign-in', () => {
  test('create prints the bare key when the output is no terminal', async () => {
    await using server = await startTinyServer({
      'POST /api/access/keys': () => ({ status: 201, json: { ...key, key: 'cairn_abc' } }),
    })
    expect(await run(['key', 'create', 'ci', '--expires-in-days', '30'], { server })).toMatchObject({
      exitCode: 0,
      out: 'cairn_abc\n',
    })
    expect(server.requests[0]?.body).toEqual({ name: 'ci', expiresInDays: 30 })
  })

  test('list tells valid, expired and revoked keys apart', async () => {
    const keys = [key, { ...key, id: 'key_2', expiresAt: 1 }, { ...key, id: 'key_3', revokedAt: 1 }]
    await using server = await startTinyServer({ 'GET /api/access/keys': () => ({ json: { keys } }) })
    const { out } = await run(['key', 'list'], { server })
    expect(
      out
        .split('\n')
        .slice(1, 4)
        .map((line) => line.split(/\s{2,}/)[2]),
    ).toEqual(['valid', 'expired', 'revoked'])
    expect(out).toContain('2026-01-01')
  })

  test('revoke ends the key of that id', async () => {
    await using server = await startTinyServer({ 'DELETE /api/access/keys/key_1': () => ({ status: 204 }) })
    expect((await run(['key', 'revoke', 'key_1'], { server })).exitCode).toBe(0)
    expect((await run(['key', 'revoke', 'key_9'], { server })).exitCode).toBe(1)
  })

  test('sign-in prints a link', async () => {
    const link = { url: 'http://127.0.0.1:8484/sign-in#token=abc', expiresAt: 1_780_000_600_000 }
    await using server = await startTinyServer({ 'POST /auth/links': () => ({ status: 201, json: link }) })
    const { out } = await run(['sign-in'], { server })
    expect(out).toBe(`${link.url}\nWorks once, for the next 10 minutes.\n`)
  })
})

describe('--server', () => {
  test('needs CAIRN_KEY, and sends it in place of the local credential', async () => {
    await using server = await startTinyServer({ 'GET /api/access/keys': () => ({ json: { keys: [] } }) })
    const missing = await run(['key', 'list', '--server', server.address])
    expect(missing).toMatchObject({ exitCode: 2 })
    expect(missing.err).toContain('CAIRN_KEY')
    expect((await run(['--server', server.address, 'key', 'list'], { env: { CAIRN_KEY: 'k' } })).exitCode).toBe(0)
    expect(server.requests.at(-1)?.authorization).toBe('Bearer k')
  })

  test('says that the key can be read on the way when the address is plain http elsewhere', async () => {
    const refuse = () => Promise.reject(new Error('ECONNREFUSED'))
    const { exitCode, err } = await run(['key', 'list', '--server', 'http://notes.example:80'], {
      env: { CAIRN_KEY: 'k' },
      fetch: refuse,
    })
    expect(exitCode).toBe(3)
    expect(err).toContain('others on the way can read it')
  })
})

describe('config explain', () => {
  test('shows value and origin, and never a secret', async () => {
    const { exitCode, out } = await run(['config', 'explain'], {
      env: { CAIRN_PORT: '9', CAIRN_OWNER_KEY: 'a-very-secret-owner-key' },
    })
    expect(exitCode).toBe(0)
    expect(out).toMatch(/^server\.port +9 +environment CAIRN_PORT$/m)
    expect(out).toMatch(/^server\.host +127\.0\.0\.1 +default$/m)
    expect(out).toMatch(/^access\.ownerKey +\[secret\] +environment CAIRN_OWNER_KEY$/m)
    expect(out).not.toContain('very-secret')
  })

  test('explains one setting, found by any of its names', async () => {
    for (const name of ['server.port', 'CAIRN_PORT', '--port']) {
      const { out } = await run(['config', 'explain', '--', name])
      expect(out).toContain('server.port = 8484 (default)')
      expect(out).toContain('flag: --port')
    }
    expect((await run(['config', 'explain', 'server.prt'])).err).toContain('server.port')
  })

  test('gives the rows as JSON', async () => {
    const { settings } = JSON.parse((await run(['config', 'explain', 'server.port', '--json'])).out) as {
      settings: unknown[]
    }
    expect(settings).toMatchObject([{ path: 'server.port', value: 8484, origin: 'default', env: 'CAIRN_PORT' }])
  })
})

describe('doctor', () => {
  const local = { services: { openLocal: () => Promise.resolve(createLocalStore([])) } }

  test('finds nothing wrong on a fresh machine', async () => {
    const { exitCode, out } = await run(['doctor', '--port', '0'].slice(0, 1), { ...local, env: { CAIRN_PORT: '0' } })
    expect(out).not.toContain('✗')
    expect(exitCode).toBe(0)
  })

  test('says what to do about an open keyring, a taken port and a vault that is gone', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => taken.once('listening', resolve))
    const address = taken.address()
    const port = String(typeof address === 'object' ? address?.port : 0)
    const { root } = await run(['--version'])
    const keyring = join(root, 'keyring.json')
    await mkdir(join(root, 'data'))
    await Bun.write(keyring, '{}')
    await chmod(keyring, 0o644)
    const gone = createLocalStore([{ ...handbook, path: '/nowhere/at/all' }])
    const { exitCode, out } = await run(['doctor', '--data', join(root, 'data'), '--json'], {
      services: { openLocal: () => Promise.resolve(gone) },
      env: { CAIRN_PORT: port, CAIRN_KEYRING: keyring },
    })
    taken.close()
    expect(exitCode).toBe(1)
    const { checks } = JSON.parse(out) as { checks: { name: string; status: string; hint?: string }[] }
    expect(checks.filter(({ status }) => status === 'fail').map(({ name }) => name)).toEqual([
      'Keyring',
      'Server',
      'Vaults',
    ])
    expect(checks.find(({ name }) => name === 'Keyring')?.hint).toBe(`chmod 600 ${keyring}`)
  })

  test('reports a wrong configuration once and goes on with the rest', async () => {
    const { exitCode, out } = await run(['doctor'], { env: { CAIRN_PORT: 'x' } })
    expect(exitCode).toBe(1)
    expect(out.match(/✗/g)).toHaveLength(1)
  })

  test('tells which models a running server uses', async () => {
    await using server = await startTinyServer({
      ...vaultRoutes,
      'GET /readyz': () => ({ json: {} }),
      'GET /api/models': () => ({ json: { models: [], virtual: [], providers: [], catalogue: { sources: [] } } }),
    })
    const { out } = await run(['doctor'], { server })
    expect(out).toContain(`runs at ${server.address}`)
    expect(out).toContain('0 in use')
  })
})
