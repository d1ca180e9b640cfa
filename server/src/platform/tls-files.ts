/**
 * The certificate and key that the server speaks TLS with, as files in PEM. They are checked before they are used, and
 * looked at again every few seconds: what a renewal put there is taken when the two fit, and until then the earlier ones
 * stay in use.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { fail, formatTime, toCairnError, type Clock, type Logger } from '../base/index.ts'

export interface TlsFiles {
  readonly certFile: string
  readonly keyFile: string
}

/** Both in PEM; the certificate may have its chain behind it. */
export interface TlsPair {
  readonly cert: string
  readonly key: string
}

export interface Certificate {
  current(): TlsPair
  /** Calls back when another pair has taken its place. */
  onRenewed(listener: (pair: TlsPair) => void): void
  close(): void
}

export interface CertificateOptions {
  readonly files: TlsFiles
  readonly clock: Clock
  readonly logger: Logger
  /** Between two looks at the files. */
  readonly everyMs?: number
}

const usualEveryMs = 5_000
const maxFileBytes = 1_048_576
/** Let’s Encrypt renews thirty days before the end; who is later than this has most likely forgotten. */
const soonMs = 14 * 86_400_000

/** Throws `config.invalid` when the files cannot be used, with which and why. */
export async function openCertificate({
  files,
  clock,
  logger,
  everyMs = usualEveryMs,
}: CertificateOptions): Promise<Certificate> {
  const listeners: ((pair: TlsPair) => void)[] = []
  let seen = await describeState(files)
  let pair = await readPair(files)
  warnOfDates(pair, { clock, logger })
  let isLooking = false

  async function look(): Promise<void> {
    const state = await describeState(files)
    if (state === seen) return
    seen = state
    const read = await readPair(files)
    if (read.cert === pair.cert && read.key === pair.key) return
    pair = read
    warnOfDates(pair, { clock, logger })
    for (const each of listeners) each(pair)
    logger.info('a new TLS certificate is in use', { fingerprint: new X509Certificate(pair.cert).fingerprint256 })
  }

  const timer = setInterval(() => {
    if (isLooking) return
    isLooking = true
    look()
      .catch((thrown: unknown) =>
        logger.warn('the new TLS certificate cannot be used', { reason: toCairnError(thrown).message }),
      )
      .finally(() => (isLooking = false))
  }, everyMs)
  return {
    current: () => pair,
    onRenewed: (listener) => void listeners.push(listener),
    close: () => clearInterval(timer),
  }
}

/** Changes when one of the files is written, replaced, or goes. */
async function describeState({ certFile, keyFile }: TlsFiles): Promise<string> {
  const states = [certFile, keyFile].map((file) =>
    stat(file).then(
      ({ mtimeMs, size, ino }) => `${mtimeMs} ${size} ${ino}`,
      () => 'missing',
    ),
  )
  return (await Promise.all(states)).join('\n')
}

async function readPair({ certFile, keyFile }: TlsFiles): Promise<TlsPair> {
  const cert = await readPem('server.tls.certFile', certFile)
  const key = await readPem('server.tls.keyFile', keyFile)
  const certificate = parseCertificate(cert, certFile)
  if (!certificate.checkPrivateKey(parseKey(key, keyFile)))
    refuse(
      `server.tls: the key in ${keyFile} does not belong to the certificate in ${certFile}. In a chain the server’s own certificate comes first.`,
    )
  return { cert, key }
}

async function readPem(setting: string, file: string): Promise<string> {
  try {
    const { size } = await stat(file)
    if (size <= maxFileBytes) return await readFile(file, 'utf8')
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException
    refuse(`${setting}: ${file} cannot be read (${code ?? 'error'}). Name a file in PEM that this server may read.`)
  }
  return refuse(`${setting}: ${file} is larger than ${maxFileBytes} bytes. Name a file in PEM.`)
}

function parseCertificate(pem: string, file: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch {
    return refuse(`server.tls.certFile: ${file} holds no certificate in PEM (“-----BEGIN CERTIFICATE-----”).`)
  }
}

function parseKey(pem: string, file: string) {
  if (/^-----BEGIN ENCRYPTED|^Proc-Type: 4,ENCRYPTED/m.test(pem))
    refuse(`server.tls.keyFile: the key in ${file} is encrypted. Store it without a passphrase, for this server alone.`)
  try {
    return createPrivateKey(pem)
  } catch {
    return refuse(`server.tls.keyFile: ${file} holds no private key in PEM (“-----BEGIN PRIVATE KEY-----”).`)
  }
}

function refuse(message: string): never {
  return fail('config.invalid', { message })
}

function warnOfDates({ cert }: TlsPair, { clock, logger }: Pick<CertificateOptions, 'clock' | 'logger'>): void {
  const { validFrom, validTo } = new X509Certificate(cert)
  const [from, to, now] = [Date.parse(validFrom), Date.parse(validTo), clock.now()]
  if (now < from) logger.warn('the TLS certificate is not valid yet', { validFrom: formatTime(from) })
  else if (now >= to) logger.warn('the TLS certificate has expired', { expiredAt: formatTime(to) })
  else if (to - now < soonMs) logger.warn('the TLS certificate expires soon', { expiresAt: formatTime(to) })
}
