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
    CAIRN_UPSTREAMS: upstreams,
  }
  const loaded = loadConfig({ env, flags: {}, directory: emptyFolder() })
  expect(JSON.stringify(loaded)).not.toContain('very-secret')
  expect(Bun.inspect(loaded)).not.toContain('very-secret')
  expect(loaded.secrets.upstreamKeys.get('a')?.reveal()).toBe('sk-very-secret')
  expect(loaded.secrets.ownerKey?.reveal()).toBe('owner-key-very-secret')
})
