/**
 * Runs every example as a program of its own against a real server with `examples/vault` and the test upstream, and
 * compares what it prints with the last block of its README. With `CAIRN_TEST_WRITE_EXAMPLES=1` it writes the block.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { configSchema } from '../contract/src/index.ts'
import { exampleVault, startServer, type RunningServer } from '../server/test/harness.ts'
import { startUpstream, type Upstream } from '../server/test/kit/upstream.ts'

const folders = readdirSync(import.meta.dir).filter((name) => existsSync(join(import.meta.dir, name, 'main.ts')))
const lastBlock = /```text\n([\s\S]*?)```\s*$/

let upstream: Upstream
let server: RunningServer

beforeAll(async () => {
  upstream = await startUpstream()
  const hosted = { id: 'hosted-chat', inputUsdPerMTok: 3, outputUsdPerMTok: 15 }
  const upstreams = [
    { id: 'test', dialect: 'openai', baseUrl: upstream.url },
    // Stands for a provider outside this machine.
    { id: 'hosted', dialect: 'openai', baseUrl: upstream.url, egress: 'external', models: [hosted] },
  ]
  server = await startServer({ vaults: [exampleVault], upstreams })
})

afterAll(async () => {
  await server.stop()
  await upstream.close()
})

describe('an example prints what its README says', () => {
  test.each(folders)('%s', async (folder) => {
    const child = Bun.spawn([process.execPath, '--no-env-file', join(import.meta.dir, folder, 'main.ts')], {
      env: { PATH: process.env['PATH'], CAIRN_URL: server.url, CAIRN_KEY: server.ownerKey },
      stdout: 'pipe',
      stderr: 'pipe',
    })
    const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
    expect(err).toBe('')
    expect(await child.exited).toBe(0)
    const page = join(import.meta.dir, folder, 'README.md')
    const readme = readFileSync(page, 'utf8')
    if (process.env['CAIRN_TEST_WRITE_EXAMPLES'] === '1')
      writeFileSync(
        page,
        readme.replace(lastBlock, () => `\`\`\`text\n${out}\`\`\`\n`),
      )
    else expect(out).toBe(lastBlock.exec(readme)?.[1] ?? `${page} ends with no text block`)
  })
})

test('the configuration of connect-a-model is valid, and is the one its README shows', () => {
  const text = readFileSync(join(import.meta.dir, 'connect-a-model', 'cairn.config.json'), 'utf8')
  expect(configSchema.safeParse(JSON.parse(text)).success).toBe(true)
  expect(readFileSync(join(import.meta.dir, 'connect-a-model', 'README.md'), 'utf8')).toContain(text.trim())
})

test('an example is at most forty lines', () => {
  for (const folder of folders) {
    const lines = readFileSync(join(import.meta.dir, folder, 'main.ts'), 'utf8')
      .trim()
      .split('\n')
    expect([folder, lines.length <= 40]).toEqual([folder, true])
  }
})
