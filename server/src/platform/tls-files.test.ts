/** Certificates from files: refused with a reason, warned of by date, renewed while they are in use. */
import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLogger, systemClock } from '../base/index.ts'
import { until } from '../../test/harness.ts'
import { makeCertificate } from '../../test/kit/certificate.ts'
import { createShiftedClock } from '../../test/kit/shifted-clock.ts'
import { openCertificate, type TlsFiles } from './tls-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'cairn-tls-'))
afterAll(() => rmSync(folder, { recursive: true }))

const [one, two, locked] = [
  makeCertificate(folder, 'one'),
  makeCertificate(folder, 'two'),
  makeCertificate(folder, 'locked', 'four quiet boats'),
]
const words = join(folder, 'words.txt')
writeFileSync(words, 'no certificate')
const large = join(folder, 'large.pem')
writeFileSync(large, one.cert.repeat(3_000))
const missing = join(folder, 'missing.pem')

function open(files: TlsFiles, clock = systemClock) {
  const lines: string[] = []
  const logger = createLogger({ level: 'info', format: 'json', clock: systemClock, write: (line) => lines.push(line) })
  return { opening: openCertificate({ files, clock, logger, everyMs: 10 }), lines }
}

const refusals: readonly [what: string, files: TlsFiles, words: RegExp][] = [
  ['a certificate that is not there', { ...one, certFile: missing }, /server\.tls\.certFile: .*missing.*ENOENT/],
  ['a key that is not there', { ...one, keyFile: missing }, /server\.tls\.keyFile: .*missing.*ENOENT/],
  ['a folder', { ...one, keyFile: folder }, /server\.tls\.keyFile: .*EISDIR/],
  ['what is no certificate', { ...one, certFile: words }, /server\.tls\.certFile: .*no certificate in PEM/],
  ['what is no key', { ...one, keyFile: words }, /server\.tls\.keyFile: .*no private key in PEM/],
  ['a certificate as key', { ...one, keyFile: one.certFile }, /server\.tls\.keyFile: .*no private key in PEM/],
  ['the key of another certificate', { ...one, keyFile: two.keyFile }, /server\.tls: the key .* does not belong/],
  ['an encrypted key', locked, /server\.tls\.keyFile: .*is encrypted/],
  ['a file without end', { ...one, certFile: large }, /server\.tls\.certFile: .*larger than/],
]

test.each(refusals)('%s is refused, with which setting and why', async (_, files, told) => {
  const { opening } = open(files)
  await expect(opening).rejects.toMatchObject({ code: 'config.invalid', message: expect.stringMatching(told) })
})

describe('by its dates a certificate', () => {
  const day = 86_400_000
  test.each([
    [0, 'expires soon'],
    [3 * day, 'has expired'],
    [-day, 'is not valid yet'],
  ])('%d ms from now is used with a warning: %s', async (aheadMs, warning) => {
    const { clock, pass } = createShiftedClock()
    pass(aheadMs)
    const { opening, lines } = open(one, clock)
    const certificate = await opening
    certificate.close()
    expect(certificate.current().cert).toBe(one.cert)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain(warning)
  })
})

test('a renewed pair is taken when both files are there, and until then the earlier one stays', async () => {
  const files = { certFile: join(folder, 'live.cert.pem'), keyFile: join(folder, 'live.key.pem') }
  const put = async (file: string, text: string) => {
    writeFileSync(`${file}.new`, text)
    await rename(`${file}.new`, file)
  }
  await put(files.certFile, one.cert)
  await put(files.keyFile, one.key)
  const { opening, lines } = open(files)
  const certificate = await opening
  const renewed: string[] = []
  certificate.onRenewed(({ cert }) => renewed.push(cert))
  await put(files.certFile, two.cert)
  await until('the half is noticed', async () => lines.some((line) => line.includes('does not belong')))
  expect(certificate.current()).toEqual({ cert: one.cert, key: one.key })
  await put(files.keyFile, two.key)
  await until('the whole is taken', async () => renewed.length === 1)
  expect(certificate.current()).toEqual({ cert: two.cert, key: two.key })
  rmSync(files.certFile)
  await until('a loss is noticed', async () => lines.some((line) => line.includes('ENOENT')))
  expect(certificate.current()).toEqual({ cert: two.cert, key: two.key })
  expect(lines.join('')).not.toContain('PRIVATE KEY')
  expect(lines.filter((line) => line.includes('does not belong'))).toHaveLength(1)
  certificate.close()
})
