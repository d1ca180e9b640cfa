/** Unpacks an archive and has it verified by Go's `golang.org/x/mod/sumdb`; null where there is no Go. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { readTar } from '../../server/src/audit/archive/tar.ts'

export async function verifyWithGo(archive: AsyncIterable<Uint8Array>): Promise<{ ok: boolean; said: string } | null> {
  if (spawnSync('go', ['version']).status !== 0) return null
  const folder = mkdtempSync(join(tmpdir(), 'cairn-go-'))
  try {
    for await (const { name, content } of readTar(archive)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), content)
    }
    const { status, stdout, stderr } = spawnSync('go', ['run', '.', folder], {
      cwd: join(import.meta.dir, 'go'),
      encoding: 'utf8',
      timeout: 300_000,
    })
    return { ok: status === 0, said: `${stdout}${stderr}`.trim() }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
