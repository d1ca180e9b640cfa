/**
 * Reads the configuration: defaults, then the configuration file, then the environment, then flags; what stands
 * further right wins. All mistakes are reported at once, each with the place it comes from. This is the only file that
 * reads the environment. Secrets are taken out into a value of their own that nothing prints.
 */
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import type { z } from 'zod'
import { configSchema, findReserved, type AuditSinkConfig, type Config } from '@cairn/contract'
import { CairnError, Secret } from '../base/index.ts'
import { isForbiddenHost } from '../platform/index.ts'
import { stripComments } from './strip-comments.ts'
import { getAt, listSettings, setAt, type Setting } from './settings.ts'

export type Origin = 'default' | 'file' | 'environment' | 'flag'

export interface Secrets {
  readonly databaseUrl: Secret | null
  readonly redisUrl: Secret | null
  readonly ownerKey: Secret | null
  readonly openIdClientSecret: Secret | null
  /** API keys of upstreams, by upstream id. */
  readonly upstreamKeys: ReadonlyMap<string, Secret>
  /** With which deliveries to webhooks are signed, by sink id. */
  readonly sinkSecrets: ReadonlyMap<string, Secret>
  /** The same for witnesses. */
  readonly witnessSecrets: ReadonlyMap<string, Secret>
}

export interface ExplainedSetting extends Setting {
  /** `[secret]` in place of a secret that is set. */
  readonly value: unknown
  readonly origin: Origin
  /** The file, variable or flag that set it. */
  readonly from: string | null
}

export interface LoadedConfig {
  /** Without secrets; paths are absolute. */
  readonly config: Config
  readonly secrets: Secrets
  readonly settings: readonly ExplainedSetting[]
  /** True when `--vault` named the vaults of this run. */
  readonly vaultsFromFlag: boolean
  readonly file: string | null
}

/** Those whose variable holds a JSON list. */
const jsonSettings: ReadonlySet<string> = new Set(['upstreams', 'audit.sinks', 'audit.witnesses'])

export interface LoadOptions {
  env: Readonly<Record<string, string | undefined>>
  /** Values of flags by setting path, as the command line parsed them. */
  flags: Readonly<Record<string, unknown>>
  /** Folder against which relative paths and the configuration file are resolved. */
  directory: string
}

const fileNames = ['cairn.config.json', 'cairn.config.jsonc']

/** The process’s own environment. */
export function readEnvironment(): Readonly<Record<string, string | undefined>> {
  return process.env
}

/** Throws `config.invalid` with every mistake. */
export function loadConfig(options: LoadOptions): LoadedConfig {
  const known = listSettings()
  const mistakes: string[] = []
  const file = readConfigFile(options.directory, mistakes)
  if (file) refuseWrongTypes(file.content, known, mistakes)
  const merged: Record<string, unknown> = structuredClone(file?.content ?? {})
  const origins = new Map<string, { origin: Origin; from: string }>()
  for (const setting of known) {
    if (file && getAt(file.content, setting.path) !== undefined)
      origins.set(setting.path, { origin: 'file', from: file.path })
    const text = setting.env === undefined ? undefined : options.env[setting.env]
    if (setting.env !== undefined && text !== undefined && text !== '') {
      setAt(merged, setting.path, jsonSettings.has(setting.path) ? parseJson(setting.env, text, mistakes) : text)
      origins.set(setting.path, { origin: 'environment', from: setting.env })
    }
    const flag = options.flags[setting.path]
    if (flag !== undefined) {
      setAt(merged, setting.path, flag)
      origins.set(setting.path, { origin: 'flag', from: setting.flag ?? '' })
    }
  }
  refuseUnknownVariables(options.env, known, mistakes)
  const parsed = configSchema.safeParse(merged)
  if (!parsed.success) mistakes.push(...describeIssues(parsed.error, origins))
  else
    mistakes.push(
      ...findTwins('upstreams', parsed.data.upstreams),
      ...findTwins('audit.sinks', parsed.data.audit.sinks),
      ...findWrongSinks(parsed.data.audit),
      ...findTwins('audit.witnesses', parsed.data.audit.witnesses),
      ...findWrongWitnesses(parsed.data.audit),
      ...findReservedIds(parsed.data),
      ...findHalfTls(parsed.data.server),
    )
  if (mistakes.length > 0 || !parsed.success) {
    throw new CairnError('config.invalid', {
      message: `The configuration is wrong:\n${mistakes.map((line) => `  - ${line}`).join('\n')}`,
    })
  }
  return finish(parsed.data, { origins, known, options, file: file?.path ?? null })
}

interface Parts {
  origins: Map<string, { origin: Origin; from: string }>
  known: Setting[]
  options: LoadOptions
  file: string | null
}

function finish(raw: Config, { origins, known, options, file }: Parts): LoadedConfig {
  const absolute = (path: string): string => (isAbsolute(path) ? path : resolve(options.directory, path))
  const { databaseUrl, redisUrl, ...data } = raw.data
  const { ownerKey, openid, ...access } = raw.access
  const { clientSecret, ...openIdShown } = openid
  const upstreamKeys = new Map<string, Secret>()
  for (const { id, apiKey } of raw.upstreams) if (apiKey !== undefined) upstreamKeys.set(id, new Secret(apiKey))
  const sinkSecrets = new Map<string, Secret>()
  for (const sink of raw.audit.sinks)
    if (sink.kind === 'webhook' && sink.secret !== undefined) sinkSecrets.set(sink.id, new Secret(sink.secret))
  const witnessSecrets = new Map<string, Secret>()
  for (const { id, secret } of raw.audit.witnesses) if (secret !== undefined) witnessSecrets.set(id, new Secret(secret))
  const witnesses = raw.audit.witnesses.map(({ secret: _, ...witness }) => witness)
  const config: Config = {
    ...raw,
    audit: { ...raw.audit, witnesses, sinks: raw.audit.sinks.map((sink) => withoutSecret(sink, absolute)) },
    access: { ...access, openid: openIdShown },
    server: { ...raw.server, tls: mapFiles(raw.server.tls, absolute) },
    data: {
      ...data,
      directory: absolute(data.directory),
      keyring: absolute(data.keyring ?? defaultKeyring(options.env)),
    },
    vaults: raw.vaults.map((vault) => ({ ...vault, path: absolute(vault.path) })),
    upstreams: raw.upstreams.map(({ apiKey: _, ...upstream }) => upstream),
  }
  const secret = (value: string | undefined): Secret | null => (value === undefined ? null : new Secret(value))
  const shown = { ...raw, ...config, data: { ...config.data, databaseUrl, redisUrl }, access: raw.access }
  const settings = known.map((setting): ExplainedSetting => {
    const value = getAt(shown, setting.path)
    const at = origins.get(setting.path)
    return {
      ...setting,
      value: setting.secret && value !== undefined ? '[secret]' : value,
      origin: at?.origin ?? 'default',
      from: at?.from ?? null,
    }
  })
  return {
    config: deepFreeze(config),
    secrets: {
      databaseUrl: secret(databaseUrl),
      redisUrl: secret(redisUrl),
      ownerKey: secret(ownerKey),
      openIdClientSecret: secret(clientSecret),
      upstreamKeys,
      sinkSecrets,
      witnessSecrets,
    },
    settings,
    vaultsFromFlag: origins.get('vaults')?.origin === 'flag',
    file,
  }
}

function withoutSecret(sink: AuditSinkConfig, absolute: (path: string) => string): AuditSinkConfig {
  if (sink.kind === 'syslog') return sink.caFile === undefined ? sink : { ...sink, caFile: absolute(sink.caFile) }
  const { secret: _, ...shown } = sink
  return shown
}

function mapFiles(
  { certFile, keyFile }: Config['server']['tls'],
  absolute: (path: string) => string,
): Config['server']['tls'] {
  return {
    ...(certFile === undefined ? {} : { certFile: absolute(certFile) }),
    ...(keyFile === undefined ? {} : { keyFile: absolute(keyFile) }),
  }
}

function defaultKeyring(env: LoadOptions['env']): string {
  const base =
    env['XDG_CONFIG_HOME'] ?? (process.platform === 'win32' ? env['APPDATA'] : undefined) ?? join(homedir(), '.config')
  return join(base, 'cairn', 'keyring.json')
}

function readConfigFile(
  directory: string,
  mistakes: string[],
): { path: string; content: Record<string, unknown> } | null {
  const found = fileNames.flatMap((name) => {
    const text = readText(join(directory, name), name, mistakes)
    return text === null ? [] : [{ name, text }]
  })
  if (found.length > 1) mistakes.push(`${fileNames.join(' and ')} are both there; keep one of them`)
  const [first] = found
  if (first === undefined) return null
  const content = parseJson(first.name, stripComments(first.text), mistakes)
  if (content === undefined) return null
  if (content !== null && typeof content === 'object' && !Array.isArray(content))
    return { path: join(directory, first.name), content: content as Record<string, unknown> }
  mistakes.push(`${first.name} must hold an object`)
  return null
}

function readText(path: string, name: string, mistakes: string[]): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException
    if (code !== 'ENOENT') mistakes.push(`${name} cannot be read (${code ?? 'error'}); check its permissions`)
    return null
  }
}

function parseJson(where: string, text: string, mistakes: string[]): unknown {
  try {
    return JSON.parse(text)
  } catch {
    mistakes.push(`${where} is not JSON; check quotes, commas and brackets`)
    return undefined
  }
}

/**
 * Takes out of the file what is no section or no number: the schema turns the text of a variable into a number, and
 * would make 1 of `true` and 0 of `null` as well.
 */
function refuseWrongTypes(content: Record<string, unknown>, known: readonly Setting[], mistakes: string[]): void {
  const sections = new Set(known.flatMap(({ path }) => (path.includes('.') ? [path.split('.')[0] as string] : [])))
  for (const name of sections) {
    const section = content[name]
    if (section === undefined || (section !== null && typeof section === 'object' && !Array.isArray(section))) continue
    mistakes.push(`${name}: must be an object, as in {"${name}": {…}} (from the file)`)
    delete content[name]
  }
  for (const { path, default: usual } of known) {
    const value = getAt(content, path)
    if (typeof usual !== 'number' || value === undefined || typeof value === 'number') continue
    mistakes.push(`${path}: must be a number without quotes (from the file)`)
    setAt(content, path, usual)
  }
}

function findTwins(path: string, listed: readonly { readonly id: string }[]): string[] {
  const ids = listed.map(({ id }) => id)
  const twins = new Set(ids.filter((id, index) => ids.indexOf(id) !== index))
  return [...twins].map((id) => `${path}: two of them are called ${id}; give each an id of its own`)
}

/** A webhook without what to sign with, and addresses that the outbound door would refuse. */
function findWrongSinks({ sinks }: Config['audit']): string[] {
  return sinks.flatMap((sink, index) => {
    const at = `audit.sinks.${index}`
    const url = sink.kind === 'webhook' ? sink.url : `https://${isIP(sink.host) === 6 ? `[${sink.host}]` : sink.host}`
    return [
      ...(sink.kind === 'webhook' && sink.secret === undefined ? [`${at}.secret: a webhook needs one`] : []),
      ...(!URL.canParse(url) || isForbiddenHost(new URL(url)) ? [`${at}: nothing is sent to this address`] : []),
    ]
  })
}

function findWrongWitnesses({ witnesses }: Config['audit']): string[] {
  return witnesses.flatMap(({ url, secret }, index) => {
    const at = `audit.witnesses.${index}`
    return [
      ...(secret === undefined ? [`${at}.secret: a webhook needs one`] : []),
      ...(!URL.canParse(url) || isForbiddenHost(new URL(url)) ? [`${at}: nothing is sent to this address`] : []),
    ]
  })
}

/** A provider that is called what a model name means already. */
function findReservedIds({ upstreams, routing }: Config): string[] {
  const virtualModels = routing.virtualModels.map(({ id }) => id)
  return upstreams.flatMap(({ id }, index) => {
    const why = findReserved(id, virtualModels)
    return why === null ? [] : [`upstreams.${index}.id: “${id}” ${why}; give the provider another id`]
  })
}

/** A certificate without its key, and an address for others that is not the one they would reach. */
function findHalfTls({ tls: { certFile, keyFile }, publicUrl }: Config['server']): string[] {
  if (certFile === undefined && keyFile === undefined) return []
  if (certFile === undefined) return ['server.tls.certFile: is needed with server.tls.keyFile']
  if (keyFile === undefined) return ['server.tls.keyFile: is needed with server.tls.certFile']
  return publicUrl?.startsWith('http:') ? ['server.publicUrl: must begin with https:// when server.tls is set'] : []
}

/** A misspelt variable would be silently without effect; it is a mistake like any other. */
function refuseUnknownVariables(env: LoadOptions['env'], known: readonly Setting[], mistakes: string[]): void {
  const allowed = new Set(known.map(({ env: name }) => name))
  const outside = /^CAIRN_(KEY|TEST_.*)$/
  for (const name of Object.keys(env)) {
    if (!name.startsWith('CAIRN_') || allowed.has(name) || outside.test(name)) continue
    mistakes.push(`${name} is no setting; see \`npx cairn config explain\` for those that exist`)
  }
}

function describeIssues(error: z.ZodError, origins: Map<string, { origin: Origin; from: string }>): string[] {
  return error.issues.slice(0, 50).map((issue) => {
    const path = issue.path.map(String).join('.')
    const setting = [...origins.keys()].find((name) => path === name || path.startsWith(`${name}.`))
    const from = setting === undefined ? '' : ` (from ${origins.get(setting)?.from})`
    return `${path || 'the file'}: ${issue.message}${from}`
  })
}

function deepFreeze<T>(value: T): T {
  if (value !== null && typeof value === 'object') {
    for (const child of Object.values(value)) deepFreeze(child)
    Object.freeze(value)
  }
  return value
}
