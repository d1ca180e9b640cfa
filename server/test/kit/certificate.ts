/** Self-signed certificates for this machine’s own addresses, made by openssl. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface MadeCertificate {
  readonly certFile: string
  readonly keyFile: string
  readonly cert: string
  readonly key: string
}

/** `name` is its common name and that of its files. Good for two days; with a passphrase the key is encrypted. */
export function makeCertificate(folder: string, name: string, passphrase?: string): MadeCertificate {
  const [certFile, keyFile] = [join(folder, `${name}.cert.pem`), join(folder, `${name}.key.pem`)]
  const what = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-days', '2', '-subj', `/CN=${name}`]
  const names = ['-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost']
  const sealed = passphrase === undefined ? ['-nodes'] : ['-passout', `pass:${passphrase}`]
  const made = spawnSync('openssl', ['req', ...what, ...names, ...sealed, '-keyout', keyFile, '-out', certFile])
  if (made.status !== 0) throw new Error(`openssl made no certificate: ${String(made.stderr)}`)
  return { certFile, keyFile, cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') }
}
