import { expect, test } from 'bun:test'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CairnError } from '../base/index.ts'
import { loadConfig } from './load.ts'

const emptyFolder = (): string => mkdtempSync(join(tmpdir(), 'cairn-config-'))

function folderWith(name: string, text: string): string {
  const folder = emptyFolder()
  writeFileSync(join(folder, name), text)
  return folder
}

function messageOf(run: () => unknown): string {
  try {
    run()
  } catch (thrown) {
    if (thrown instanceof CairnError) return thrown.message
    throw thrown
  }
  throw new Error('nothing was thrown')
}

test('an empty folder and environment give the defaults', () => {
  const directory = emptyFolder()
  const { config } = loadConfig({ env: {}, flags: {}, directory })
  expect(config.server.port).toBe(8484)
  expect(config.data.directory).toBe(join(directory, '.cairn'))
})

test('flags win over the environment, the environment over the file, the file over defaults', () => {
  const directory = folderWith(
    'cairn.config.jsonc',
    '{ // a comment\n "server": {"port": 1, "host": "127.0.0.2", "maxBodyBytes": 2048,}, }',
  )
  const loaded = loadConfig({
    env: { CAIRN_PORT: '2', CAIRN_HOST: '127.0.0.3' },
    flags: { 'server.port': 3 },
    directory,
  })
  expect(loaded.config.server).toMatchObject({ port: 3, host: '127.0.0.3', maxBodyBytes: 2048, bodyTimeoutMs: 15_000 })
  const origins = Object.fromEntries(loaded.settings.map(({ path, origin }) => [path, origin]))
  expect(origins).toMatchObject({
    'server.port': 'flag',
    'server.host': 'environment',
    'server.maxBodyBytes': 'file',
    'server.bodyTimeoutMs': 'default',
  })
})

test('all mistakes are reported at once, each with its place', () => {
  const directory = folderWith('cairn.config.json', '{"server":{"portt":1},"retrieval":{"passages":0}}')
  const message = messageOf(() =>
    loadConfig({ env: { CAIRN_PORT: 'eighty', CAIRN_PROT: '1', CAIRN_UPSTREAMS: '[' }, flags: {}, directory }),
  )
  for (const part of [
    'portt',
    'retrieval.passages',
    'server.port',
    'CAIRN_PORT',
    'CAIRN_PROT is no setting',
    'CAIRN_UPSTREAMS is not JSON',
  ]) {
    expect(message).toContain(part)
  }
})

test('no secret stands in the configuration, its explanation or its JSON', () => {
  const upstreams = JSON.stringify([
    { id: 'a', dialect: 'openai', baseUrl: 'https://example.org/v1', apiKey: 'sk-very-secret' },
  ])
  const env = {
    CAIRN_OWNER_KEY: 'owner-key-very-secret',
    CAIRN_DATABASE_URL: 'postgres://u:very-secret@127.0.0.1/x',
    CAIRN_REDIS_URL: 'rediss://:very-secret@127.0.0.1/0',
    CAIRN_UPSTREAMS: upstreams,
  }
  const loaded = loadConfig({ env, flags: {}, directory: emptyFolder() })
  expect(JSON.stringify(loaded)).not.toContain('very-secret')
  expect(Bun.inspect(loaded)).not.toContain('very-secret')
  expect(loaded.secrets.upstreamKeys.get('a')?.reveal()).toBe('sk-very-secret')
  expect(loaded.secrets.ownerKey?.reveal()).toBe('owner-key-very-secret')
  expect(loaded.secrets.redisUrl?.reveal()).toBe('rediss://:very-secret@127.0.0.1/0')
})

test('each setting says which file, variable or flag it comes from', () => {
  const directory = folderWith('cairn.config.json', '{"server":{"host":"127.0.0.2"},"log":{"level":"debug"}}')
  const { settings, file } = loadConfig({
    env: { CAIRN_LOG_LEVEL: 'warn', CAIRN_PASSAGES: '', CAIRN_OWNER_KEY: 'owner-key-very-secret' },
    flags: { 'data.directory': 'elsewhere' },
    directory,
  })
  const shown = new Map(settings.map(({ path, value, origin, from }) => [path, { value, origin, from }]))
  expect(file).toBe(join(directory, 'cairn.config.json'))
  expect(shown.get('server.host')).toEqual({ value: '127.0.0.2', origin: 'file', from: file })
  expect(shown.get('log.level')).toEqual({ value: 'warn', origin: 'environment', from: 'CAIRN_LOG_LEVEL' })
  expect(shown.get('data.directory')).toEqual({ value: join(directory, 'elsewhere'), origin: 'flag', from: '--data' })
  expect(shown.get('retrieval.passages')).toEqual({ value: 8, origin: 'default', from: null })
  expect(shown.get('access.ownerKey')).toEqual({ value: '[secret]', origin: 'environment', from: 'CAIRN_OWNER_KEY' })
  expect(shown.get('data.databaseUrl')).toEqual({ value: undefined, origin: 'default', from: null })
})

test.each([
  ['{"server": "loud"}', 'server: must be an object'],
  ['{"server": null}', 'server: must be an object'],
  ['{"retrieval": [1]}', 'retrieval: must be an object'],
  ['{"server": {"port": true}}', 'server.port: must be a number'],
  ['{"server": {"port": null}}', 'server.port: must be a number'],
  ['{"server": {"port": "8080"}}', 'server.port: must be a number'],
  ['{"server": {"port": 70000}}', 'server.port: '],
  ['{"server": {"workers": 0}}', 'server.workers: '],
  ['{"server": {"workers": 65}}', 'server.workers: '],
  ['{"server": {"host": 1}}', 'server.host: '],
  ['{"vaults": "notes"}', 'vaults: '],
  ['{"vaults": [{"path": 1}]}', 'vaults.0.path: '],
  ['{"upstreams": [{"id": "a", "dialect": "openai", "baseUrl": "file:///etc/passwd"}]}', 'upstreams.0.baseUrl: '],
  ['{"models": {"discoverLocal": "maybe"}}', 'models.discoverLocal: '],
  ['[]', 'cairn.config.json must hold an object'],
  ['{"server": {', 'cairn.config.json is not JSON'],
])('the file %s is refused with its place, also when variables set other values', (text, wanted) => {
  const directory = folderWith('cairn.config.json', text)
  const load = () =>
    loadConfig({ env: { CAIRN_MODEL: 'x', CAIRN_HOST: '' }, flags: { 'log.level': 'info' }, directory })
  expect(messageOf(load)).toContain(wanted)
})

test('a variable or flag inside a section that is wrong in the file breaks nothing', () => {
  const directory = folderWith('cairn.config.json', '{"server": "loud", "data": 3}')
  const load = () => loadConfig({ env: { CAIRN_PORT: '1' }, flags: { 'data.directory': 'd' }, directory })
  expect(messageOf(load)).toContain('server: must be an object')
  expect(messageOf(load)).toContain('data: must be an object')
})

test('two configuration files, and two upstreams of one name, are mistakes', () => {
  const directory = folderWith('cairn.config.json', '{}')
  writeFileSync(join(directory, 'cairn.config.jsonc'), '{}')
  expect(messageOf(() => loadConfig({ env: {}, flags: {}, directory }))).toContain('both there; keep one')
  const twin = { id: 'a', dialect: 'openai', baseUrl: 'http://127.0.0.1:1/v1' }
  const env = { CAIRN_UPSTREAMS: JSON.stringify([twin, twin]) }
  expect(messageOf(() => loadConfig({ env, flags: {}, directory: emptyFolder() }))).toContain(
    'two of them are called a',
  )
})

test('an upstream that is called what a model name means already is a mistake, at its place', () => {
  const virtualModels = [{ id: 'writer', models: ['x'] }]
  const names = ['auto', 'local', 'fast', 'cheap', 'best', 'extractive', 'cairn', 'writer']
  const upstreams = ['mine', ...names].map((id) => ({ id, dialect: 'openai', baseUrl: 'http://127.0.0.1:1/v1' }))
  const directory = folderWith('cairn.config.json', JSON.stringify({ upstreams, routing: { virtualModels } }))
  const message = messageOf(() => loadConfig({ env: {}, flags: {}, directory }))
  for (const [index, id] of names.entries()) expect(message).toContain(`upstreams.${index + 1}.id: “${id}” `)
  expect(message).not.toContain('upstreams.0')
})

test('a variable that is no setting is a mistake, others’ variables and those of clients and tests are not', () => {
  const load = (env: Record<string, string>) => loadConfig({ env, flags: {}, directory: emptyFolder() })
  for (const name of ['CAIRN_', 'CAIRN_PORTS', 'CAIRN_DATABASE', 'CAIRN_port'])
    expect(messageOf(() => load({ [name]: 'x' }))).toContain(`${name} is no setting`)
  load({ CAIRN_KEY: 'x', CAIRN_TEST_DATABASE_URL: 'x', CAIRNS: 'x', PATH: 'x' })
})

test('mistakes tell no secret', () => {
  const env = {
    CAIRN_OWNER_KEY: 'short-secret',
    CAIRN_DATABASE_URL: 'mysql://u:very-secret@127.0.0.1/x',
    CAIRN_REDIS_URL: 'http://:very-secret@127.0.0.1/0',
    CAIRN_UPSTREAMS: '[{"id":"a","dialect":"openai","baseUrl":"no-url","apiKey":"sk-very-secret"}]',
  }
  const message = messageOf(() => loadConfig({ env, flags: {}, directory: emptyFolder() }))
  for (const name of ['CAIRN_OWNER_KEY', 'CAIRN_DATABASE_URL', 'CAIRN_REDIS_URL']) expect(message).toContain(name)
  expect(message).not.toMatch(/short-secret|very-secret/)
})

test('the keyring is not inside the data directory, unless it is named so', () => {
  const directory = emptyFolder()
  const home = loadConfig({ env: {}, flags: {}, directory }).config.data
  expect(home.keyring).toMatch(/cairn[/\\]keyring\.json$/)
  expect(home.keyring?.startsWith(home.directory)).toBe(false)
  const xdg = loadConfig({ env: { XDG_CONFIG_HOME: '/xdg' }, flags: {}, directory }).config.data
  expect(xdg.keyring).toBe('/xdg/cairn/keyring.json')
  const named = loadConfig({ env: { CAIRN_KEYRING: 'k.json' }, flags: {}, directory }).config.data
  expect(named.keyring).toBe(join(directory, 'k.json'))
})
