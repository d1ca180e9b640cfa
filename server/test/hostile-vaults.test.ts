/** Vaults that nobody would make on purpose, and some that somebody would: read or reported, never a crash, never outside. */
import { spawnSync } from 'node:child_process'
import { chmod, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'bun:test'
import { makeFolder, openVaultRig } from './kit/vault-rig.ts'

const reasonsOf = (problems: readonly { path: string; reason: string }[]) =>
  Object.fromEntries(problems.map(({ path, reason }) => [path, reason]))

test('what cannot be read is reported with a reason and everything else is found', async () => {
  const folder = await makeFolder('hostile')
  const outside = await makeFolder('outside')
  const write = (name: string, text: string | Uint8Array) => writeFile(join(folder, name), text)
  await writeFile(join(outside, 'secret.md'), 'The outsidecanary sleeps.')
  await write('good.md', 'The plainheron stands.')
  await write('huge.md', 'whale '.repeat(3_500_000))
  await write('oneline.md', `longline ${'x'.repeat(8_000_000)} endofline`)
  await write('links.md', `linkfarm ${Array.from({ length: 100_000 }, (_, at) => `[[Note ${at}]]`).join(' ')}`)
  await write('headings.md', Array.from({ length: 50_000 }, (_, at) => `# Heading ${at}`).join('\n'))
  await write('broken-yaml.md', '---\ntags: [unclosed\nsensitivity: restricted\n---\nThe yamlheron stands.')
  await write('no-end.md', '---\ntitle: endless\nThe endlessheron stands.')
  await write(
    'bomb.md',
    `---\na: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n---\nThe bombheron stands.`,
  )
  await write(
    'binary.md',
    Uint8Array.from({ length: 5_000 }, (_, at) => at % 256),
  )
  await write('utf16.md', Buffer.from('\ufeffThe wideheron stands.', 'utf16le'))
  await write('empty.md', '')
  await write('only-front.md', '---\ntags: [lonely]\n---\n')
  await write('new\nline.md', 'The newlineheron stands.')
  await write("🦆 “quoted” ' name.md", 'The emojiheron stands.')
  await write('-dash.md', 'The dashheron stands.')
  await write(`${'n'.repeat(250)}.md`, 'The longnameheron stands.')
  await write('caf\u00e9.md', 'The joinedheron stands.')
  await write('cafe\u0301.md', 'The splitheron stands.')
  await mkdir(join(folder, 'folder.md'))
  await writeFile(join(folder, 'folder.md', 'inside.md'), 'The nestedheron stands.')
  await symlink(join(outside, 'secret.md'), join(folder, 'link-out.md'))
  await symlink(outside, join(folder, 'folder-out'))
  await symlink(folder, join(folder, 'loop'))
  await symlink(join(folder, 'missing'), join(folder, 'dangling.md'))
  spawnSync('mkfifo', [join(folder, 'pipe.md')])
  await write('locked.md', 'The lockedheron stands.')
  await chmod(join(folder, 'locked.md'), 0)
  let deep = folder
  for (let level = 0; level < 80; level++) await mkdir((deep = join(deep, `d${level}`)))
  await writeFile(join(deep, 'deep.md'), 'The deepheron stands.')

  await using rig = await openVaultRig(folder)
  const { index } = await rig.ready()
  expect(index.state).toBe('ready')
  const reasons = reasonsOf(index.problems)
  expect(reasons).toMatchObject({
    'huge.md': expect.stringContaining('larger than'),
    'binary.md': expect.stringContaining('not'),
    'utf16.md': expect.stringContaining('not'),
    'broken-yaml.md': expect.stringContaining('YAML'),
    'no-end.md': expect.stringContaining('no end'),
    'bomb.md': expect.stringContaining('YAML'),
    'link-out.md': expect.stringContaining('symbolic link'),
    'folder-out': expect.stringContaining('symbolic link'),
    loop: expect.stringContaining('symbolic link'),
    'dangling.md': expect.stringContaining('symbolic link'),
    'pipe.md': expect.stringContaining('regular file'),
    'caf\u00e9.md': expect.stringContaining('Unicode form'),
  })
  expect(index.problems.some(({ reason }) => reason.startsWith('deeper than'))).toBe(true)
  for (const word of ['plain', 'yaml', 'endless', 'bomb', 'newline', 'emoji', 'dash', 'longname', 'nested']) {
    expect(await rig.find(`${word}heron`), word).toHaveLength(1)
  }
  expect((await rig.find('joinedheron')).length + (await rig.find('splitheron')).length).toBe(1)
  expect(await rig.find('longline')).toEqual(['oneline.md'])
  expect(await rig.find('linkfarm')).toEqual(['links.md'])
  for (const hidden of ['outsidecanary', 'deepheron', 'whale']) expect(await rig.find(hidden)).toEqual([])
  // The careful reading of broken front matter: what would protect the note still does.
  expect((await rig.passages('yamlheron'))[0]?.label).toBe('restricted')
}, 60_000)

test('excluded folders and files are no part of the vault, and excluding one takes it out at once', async () => {
  const folder = await makeFolder('excluded')
  for (const name of ['.obsidian', '.trash', 'Templates', 'Notes/Old'])
    await mkdir(join(folder, name), { recursive: true })
  const write = (name: string) => writeFile(join(folder, name), 'The heron stands.')
  await Promise.all(
    ['.obsidian/x.md', '.trash/x.md', '.hidden.md', 'Templates/t.md', 'Notes/Old/o.md', 'Notes/n.md'].map(write),
  )
  const exclude = (filters: string[]) =>
    writeFile(join(folder, '.obsidian', 'app.json'), JSON.stringify({ userIgnoreFilters: filters }))
  await exclude(['Templates/'])
  await using rig = await openVaultRig(folder)
  await rig.ready()
  expect((await rig.find('heron')).toSorted()).toEqual(['Notes/Old/o.md', 'Notes/n.md'])
  await exclude(['Templates/', '/Old/', '/(a+)+$/'])
  await rig.until(async () => (await rig.find('heron')).join() === 'Notes/n.md')
  await writeFile(join(folder, '.obsidian', 'app.json'), '{ broken')
  await rig.until(async () => (await rig.find('heron')).length === 3)
}, 30_000)

test('a note that becomes a symbolic link to the outside is no longer read', async () => {
  const folder = await makeFolder('swap')
  const outside = await makeFolder('outside')
  await writeFile(join(outside, 'secret.md'), 'The outsidecanary sleeps.')
  await writeFile(join(folder, 'note.md'), 'The heron stands.')
  await using rig = await openVaultRig(folder)
  await rig.ready()
  await symlink(join(outside, 'secret.md'), join(folder, 'new.md'))
  await rename(join(folder, 'new.md'), join(folder, 'note.md'))
  await rig.until(async () => (await rig.find('heron')).length === 0)
  expect(await rig.find('outsidecanary')).toEqual([])
}, 30_000)

test('a vault whose folder is gone keeps what it has and says so, and goes on when the folder is back', async () => {
  const parent = await makeFolder('gone')
  const folder = join(parent, 'vault')
  await mkdir(folder)
  await writeFile(join(folder, 'note.md'), 'The heron stands.')
  await using rig = await openVaultRig(folder)
  await rig.ready()
  await rename(folder, join(parent, 'away'))
  await rig.vaults.reindex((await rig.vault()).id)
  await rig.until(async () => (await rig.vault()).index.state === 'failed')
  expect((await rig.vault()).index.problems[0]?.reason).toContain('cannot be read')
  expect(await rig.find('heron')).toEqual(['note.md'])
  await rename(join(parent, 'away'), folder)
  await rig.vaults.reindex((await rig.vault()).id)
  expect((await rig.ready()).index.state).toBe('ready')
  expect(await rig.find('heron')).toEqual(['note.md'])
}, 30_000)

test('an empty vault is ready, and a folder that is none is refused', async () => {
  const folder = await makeFolder('empty')
  await using rig = await openVaultRig(folder)
  expect(await rig.ready()).toMatchObject({ notes: 0, passages: 0, index: { state: 'ready', problemCount: 0 } })
  expect(await rig.find('anything')).toEqual([])
  await writeFile(join(folder, 'file.txt'), '')
  expect(rig.vaults.add({ path: join(folder, 'file.txt') })).rejects.toMatchObject({ code: 'vault.folder' })
  expect(rig.vaults.add({ path: join(folder, 'missing') })).rejects.toMatchObject({ code: 'vault.folder' })
  expect(rig.vaults.add({ path: folder })).rejects.toMatchObject({ code: 'vault.exists' })
  await rm(folder, { recursive: true })
}, 30_000)

test('a vault whose folder is away at the start is indexed when it is asked for again', async () => {
  const parent = await makeFolder('later')
  const folder = join(parent, 'vault')
  await mkdir(folder)
  await writeFile(join(folder, 'note.md'), 'The heron stands.')
  await using rig = await openVaultRig(folder)
  await rig.ready()
  const { id } = await rig.vault()
  await rename(folder, join(parent, 'away'))
  await rig.vaults.reindex(id)
  await rig.until(async () => (await rig.vault()).index.state === 'failed')
  await rename(join(parent, 'away'), folder)
  await rig.vaults.reindex(id)
  await rig.until(async () => (await rig.vault()).index.state === 'ready')
}, 30_000)

test('nested tags and properties of another case protect a note as plain ones do', async () => {
  const folder = await makeFolder('labels')
  await writeFile(join(folder, 'nested.md'), '#confidential/hr The wombat salary is 81000.')
  await writeFile(
    join(folder, 'case.md'),
    '---\nai: false\nsensitivity: restricted\nAI: true\nSensitivity: public\n---\nThe quokka sleeps.',
  )
  await using rig = await openVaultRig(folder)
  await rig.ready()
  const labels = async (query: string) => (await rig.passages(query)).map(({ label }) => label)
  expect(await labels('wombat')).toEqual(['confidential'])
  expect(await labels('quokka')).toEqual(['restricted'])
}, 30_000)

test('the whole disk, the data directory and a folder within a vault are refused', async () => {
  const folder = await makeFolder('refused')
  await mkdir(join(folder, 'inner'))
  await using rig = await openVaultRig(folder)
  await rig.ready()
  for (const [path, code] of [
    ['/', 'vault.folder'],
    [rig.data, 'vault.folder'],
    [join(folder, 'inner'), 'vault.exists'],
  ] as const) {
    expect(rig.vaults.add({ path })).rejects.toMatchObject({ code })
  }
}, 30_000)
