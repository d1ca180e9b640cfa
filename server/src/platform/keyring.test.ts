import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CairnError, Clock } from '../base/index.ts'
import { openKeyring, rotateAfterMs, type Keyring } from './index.ts'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cairn-keyring-'))
  path = join(folder, 'config', 'keyring.json')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const open = (deployment = 'deployment_1'): Promise<Keyring> => openKeyring(path, deployment, ['receipt-label'])
const failureOf = (work: Promise<unknown>): Promise<CairnError> =>
  work.then(
    () => {
      throw new Error('it did not fail')
    },
    (thrown: unknown) => thrown as CairnError,
  )

interface Content {
  deployments: Record<string, Record<string, string>>
}
const content = async () => JSON.parse(await readFile(path, 'utf8')) as Content

interface RingContent {
  deployments: Record<string, { cache: { keys: { key: string; madeAt: number }[] } }>
}
const ringKeys = async () =>
  (JSON.parse(await readFile(path, 'utf8')) as RingContent).deployments['deployment_1']?.cache.keys ?? []

test('keys are made once, in a file and folder that only their owner can open', async () => {
  const signature = (await open()).sign('receipt-label', 'data')
  const before = await readFile(path, 'utf8')
  const again = await open()
  expect(again.verify('receipt-label', 'data', signature)).toBe(true)
  expect(again.sign('receipt-label', 'data')).toBe(signature)
  expect(await readFile(path, 'utf8')).toBe(before)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect((await stat(join(folder, 'config'))).mode & 0o777).toBe(0o700)
  expect((await readdir(join(folder, 'config'))).filter((name) => name.includes('tmp'))).toEqual([])
})

test('another text, signature, purpose or key is not verified', async () => {
  const keyring = await openKeyring(path, 'deployment_1', ['receipt-label', 'session'])
  const signature = keyring.sign('receipt-label', 'data')
  for (const [data, given] of [
    ['date', signature],
    ['data', `${signature}A`],
    ['data', signature.slice(1)],
    ['data', ''],
    ['data', keyring.sign('session', 'data')],
    ['data', (await open('deployment_2')).sign('receipt-label', 'data')],
  ] as const)
    expect(keyring.verify('receipt-label', data, given)).toBe(false)
})

test('two deployments share a keyring and each keeps its keys', async () => {
  const first = (await open('deployment_1')).sign('receipt-label', 'data')
  const second = (await open('deployment_2')).sign('receipt-label', 'data')
  expect(first).not.toBe(second)
  expect((await open('deployment_1')).sign('receipt-label', 'data')).toBe(first)
  expect((await open('deployment_2')).sign('receipt-label', 'data')).toBe(second)
})

test('a purpose that comes later gets a key and the others keep theirs', async () => {
  const signature = (await open()).sign('receipt-label', 'data')
  const more = await openKeyring(path, 'deployment_1', ['receipt-label', 'session'])
  expect(more.verify('receipt-label', 'data', signature)).toBe(true)
  expect(more.sign('session', 'data')).not.toBe(signature)
})

test('first starts at the same time lose no key: in one process and in four', async () => {
  const here = await Promise.all(Array.from({ length: 10 }, (_, index) => open(`deployment_${index % 5}`)))
  here.forEach((keyring, index) => {
    expect(keyring.sign('receipt-label', 'x')).toBe((here[index % 5] as Keyring).sign('receipt-label', 'x'))
  })
  const program = `import { openKeyring } from ${JSON.stringify(join(import.meta.dir, 'index.ts'))}
    for (let n = 0; n < 10; n++) {
      const [own, shared] = ['own-' + process.argv[1] + '-' + n, 'shared-' + n]
      for (const deployment of [own, shared])
        console.log(deployment + ' ' + (await openKeyring(${JSON.stringify(path)}, deployment, ['session'])).sign('session', 'x'))
    }`
  const children = Array.from({ length: 4 }, (_, index) =>
    Bun.spawn([process.execPath, '-e', program, `${index}`], { stdout: 'pipe', stderr: 'pipe' }),
  )
  const said = await Promise.all(children.map(({ stdout }) => new Response(stdout).text()))
  const signatures = said.flatMap((text) =>
    text
      .trim()
      .split('\n')
      .map((line) => line.split(' ') as [string, string]),
  )
  expect(signatures).toHaveLength(80)
  for (const [deployment, signature] of signatures)
    expect((await openKeyring(path, deployment, ['session'])).sign('session', 'x')).toBe(signature)
  expect(Object.keys((await content()).deployments)).toHaveLength(5 + 40 + 10)
}, 30_000)

test('a keyring that others can read is refused, with the command that mends it', async () => {
  await open()
  for (const mode of [0o640, 0o604, 0o644, 0o660, 0o610]) {
    await chmod(path, mode)
    const failure = await failureOf(open())
    expect(failure.code).toBe('config.invalid')
    expect(failure.message).toContain(`chmod 600 ${path}`)
  }
  await chmod(path, 0o400)
  await open()
})

test('a damaged keyring is refused and left as it is; the failure shows nothing of it', async () => {
  await open()
  const good = await readFile(path, 'utf8')
  const key = (await content()).deployments['deployment_1']?.['receipt-label'] ?? ''
  const damaged = [
    '',
    good.slice(0, -10),
    good.replace(/"version": 1/, '"version": 2'),
    good.replace(key, ''),
    good.replace(key, key.slice(4)),
    good.replace(key, `${key.slice(0, 20)} ${key.slice(20)}`),
    good.replace(`"${key}"`, key),
    good.replace('"deployments"', '"deployment"'),
    '[]',
    'null',
  ]
  for (const text of damaged) {
    await writeFile(path, text)
    const failure = await failureOf(open())
    expect(failure.code).toBe('config.invalid')
    expect(failure.message).toContain('is damaged. Restore it from its backup')
    expect(Bun.inspect(failure)).not.toContain(key.slice(0, 10))
    expect(await readFile(path, 'utf8')).toBe(text)
  }
})

test('a keyring that is a symbolic link stays one', async () => {
  const real = join(folder, 'real.json')
  await writeFile(real, '{"version":1,"deployments":{}}', { mode: 0o600 })
  await mkdir(join(folder, 'config'))
  await symlink(real, path)
  await open()
  expect(Object.keys((await content()).deployments)).toEqual(['deployment_1'])
  expect(await readFile(real, 'utf8')).toBe(await readFile(path, 'utf8'))
})

test('a keyring that cannot be written is told with its path', async () => {
  await writeFile(join(folder, 'config'), 'a file where the folder should be')
  const failure = await failureOf(open())
  expect(failure.code).toBe('config.invalid')
  expect(failure.message).toContain(path)
})

test('an open keyring prints no key', async () => {
  const keyring = await open()
  const key = (await content()).deployments['deployment_1']?.['receipt-label'] ?? ''
  for (const shown of [Bun.inspect(keyring, { depth: 10 }), JSON.stringify(keyring)]) {
    expect(shown).not.toContain(key)
    expect(shown).not.toContain(Buffer.from(key, 'base64').toString('hex').slice(0, 12))
  }
})

describe('a sealed secret', () => {
  const openSeal = (deployment = 'deployment_1') => openKeyring(path, deployment, ['receipt-label', 'provider-keys'])

  test('opens about the same, also by another process, and is different each time', async () => {
    const keyring = await openSeal()
    for (const text of ['sk-0123456789', '', 'Schlüssel 钥匙', 'x'.repeat(8_192)]) {
      const sealed = keyring.sealSecret('provider-keys', ['p', 'https://a.example'], text)
      expect(sealed).toMatch(/^[\w-]+$/)
      if (text !== '') expect(Buffer.from(sealed, 'base64url').toString()).not.toContain(text)
      expect(keyring.sealSecret('provider-keys', ['p', 'https://a.example'], text)).not.toBe(sealed)
      expect((await openSeal()).openSecret('provider-keys', ['p', 'https://a.example'], sealed)).toBe(text)
    }
  })

  test('does not open about another thing, under another key, or when a byte of it was changed', async () => {
    const keyring = await openSeal()
    const sealed = keyring.sealSecret('provider-keys', ['ab', 'c'], 'sk-0123456789')
    for (const about of [['a', 'bc'], ['ab', 'd'], ['ab'], ['ab', 'c', ''], ['c', 'ab'], []])
      expect(keyring.openSecret('provider-keys', about, sealed)).toBeNull()
    expect((await openSeal('deployment_2')).openSecret('provider-keys', ['ab', 'c'], sealed)).toBeNull()
    expect(keyring.openSecret('receipt-label', ['ab', 'c'], sealed)).toBeNull()
    const bytes = Buffer.from(sealed, 'base64url')
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ 1
      expect(keyring.openSecret('provider-keys', ['ab', 'c'], changed.toString('base64url'))).toBeNull()
    }
    for (let length = 0; length < bytes.length; length++)
      expect(
        keyring.openSecret('provider-keys', ['ab', 'c'], bytes.subarray(0, length).toString('base64url')),
      ).toBeNull()
    expect(keyring.openSecret('provider-keys', ['ab', 'c'], 'not base 64 !')).toBeNull()
  })
})

describe('keys that rotate', () => {
  const day = 86_400_000
  let now = 0
  const clock: Clock = { now: () => now, monotonic: () => now }
  beforeEach(() => {
    now = 1_800_000_000_000
  })
  const openRing = () => openKeyring(path, 'deployment_1', ['receipt-label', 'cache', 'cache-names'], clock)
  const keysOf = async () => (await openRing()).sealingKeys('cache')

  test('the id of a key is the start of its SHA-256, and the key is found by it', async () => {
    const keys = await keysOf()
    const { id, key } = keys.current()
    expect(key).toHaveLength(32)
    expect(id).toBe(createHash('sha256').update(key).digest().readUInt32BE(0))
    expect(keys.find(id)?.key).toEqual(key)
    expect(Buffer.from(key).toString('base64')).toBe((await ringKeys())[0]?.key ?? '')
  })

  test('a keyring of an earlier version opens, keeps its keys and gets the new purposes', async () => {
    const signature = (await open()).sign('receipt-label', 'data')
    const label = (await content()).deployments['deployment_1']?.['receipt-label']
    const keyring = await openRing()
    expect(keyring.verify('receipt-label', 'data', signature)).toBe(true)
    expect((await content()).deployments['deployment_1']?.['receipt-label']).toBe(label ?? '')
    expect(await ringKeys()).toHaveLength(1)
  })

  test('material is a copy of 32 bytes that stay the same through every rotation', async () => {
    const keyring = await openRing()
    const names = keyring.material('cache-names')
    expect(names).toHaveLength(32)
    await keyring.rotate('cache')
    now += 400 * day
    expect((await openRing()).material('cache-names')).toEqual(names)
    names.fill(0)
    expect(keyring.material('cache-names')).not.toEqual(names)
  })

  test('a rotated key seals at once and the one before still opens', async () => {
    const keyring = await openRing()
    const keys = keyring.sealingKeys('cache')
    const before = keys.current()
    expect(await keyring.rotate('cache')).toBe(true)
    expect(keys.current().id).not.toBe(before.id)
    expect(keys.find(before.id)).toEqual(before)
    expect((await keysOf()).current()).toEqual(keys.current())
    expect(await keyring.rotate('cache', rotateAfterMs)).toBe(false)
  })

  test('opening rotates a key of more than 90 days and no younger one', async () => {
    const first = (await keysOf()).current()
    now += rotateAfterMs
    expect((await keysOf()).current()).toEqual(first)
    now += 1
    const keys = await keysOf()
    expect(keys.current().id).not.toBe(first.id)
    expect(keys.find(first.id)).toEqual(first)
  })

  test('a replaced key is dropped 30 days after its successor was made', async () => {
    const first = (await keysOf()).current()
    now += 10 * day
    await (await openRing()).rotate('cache')
    now += 30 * day
    expect((await keysOf()).find(first.id)).toEqual(first)
    now += 1
    expect((await keysOf()).find(first.id)).toBeUndefined()
    expect(await ringKeys()).toHaveLength(1)
  })

  test('however often it is rotated, a ring holds at most 16 keys, the newest', async () => {
    const keyring = await openRing()
    for (let n = 0; n < 40; n++) {
      now++
      await keyring.rotate('cache')
    }
    expect(await ringKeys()).toHaveLength(16)
    expect(keyring.sealingKeys('cache').current()).toEqual((await keysOf()).current())
  })

  test('a key made under a clock that ran ahead is replaced', async () => {
    now += 3_650 * day
    const first = (await keysOf()).current()
    now -= 3_650 * day
    expect((await keysOf()).current().id).not.toBe(first.id)
  })

  test('another process finds a key made meanwhile by its id, and reads the file at most every two seconds', async () => {
    const keys = await keysOf()
    const other = await openRing()
    await other.rotate('cache')
    const made = other.sealingKeys('cache').current()
    expect(keys.find(made.id)).toEqual(made)
    expect(keys.current()).toEqual(made)
    await other.rotate('cache')
    const later = other.sealingKeys('cache').current()
    expect(keys.find(later.id)).toBeUndefined()
    now += 2_000
    expect(keys.find(later.id)).toEqual(later)
  })

  test('a file that is away or damaged while it is read again leaves the known keys in use', async () => {
    const keys = await keysOf()
    const current = keys.current()
    for (const text of ['', '{}', null]) {
      now += 10_000
      await (text === null ? rm(path) : writeFile(path, text))
      expect(keys.find(current.id ^ 1)).toBeUndefined()
      expect(keys.find(current.id)).toEqual(current)
      expect(keys.current()).toEqual(current)
    }
  })

  test('a ring that is due in a file that cannot be written goes on with its key', async () => {
    const first = (await keysOf()).current()
    now += rotateAfterMs + 1
    const lock = join(folder, 'config', '.keyring.json.lock')
    await rm(lock, { force: true })
    await mkdir(lock)
    expect((await keysOf()).current()).toEqual(first)
    const failure = await failureOf((await openRing()).rotate('cache'))
    expect(failure.code).toBe('config.invalid')
  })

  test('several openings that find a key due at once add one key', async () => {
    await openRing()
    now += rotateAfterMs + 1
    const rings = await Promise.all(Array.from({ length: 6 }, keysOf))
    expect(new Set(rings.map((keys) => keys.current().id)).size).toBe(1)
    expect(await ringKeys()).toHaveLength(2)
  })

  test('an open keyring prints no key of a ring', async () => {
    const keyring = await openRing()
    const [stored] = await ringKeys()
    const hex = Buffer.from(stored?.key ?? '', 'base64').toString('hex')
    for (const shown of [
      Bun.inspect(keyring, { depth: 10 }),
      Bun.inspect(keyring.sealingKeys('cache'), { depth: 10 }),
    ]) {
      expect(shown).not.toContain(stored?.key ?? '')
      expect(shown).not.toContain(hex.slice(0, 12))
    }
  })
})
