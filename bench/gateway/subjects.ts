/**
 * The gateways that are compared, each started as its own documentation says, for the same upstream, one process each.
 * One that is not there is left out with a sentence. A subject says where to send a request and which headers it needs.
 */
import { writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { startServer } from '../../server/test/harness.ts'
import { freePort, pin, startProgram, waitForPort, type Cores, type Program } from './processes.ts'

export interface Subject {
  readonly name: string
  readonly port: number
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** The first process; null for none, which is `direct`. */
  readonly pid: number | null
  stop(): Promise<void>
}

export interface SubjectPlace {
  readonly upstreamPort: number
  readonly cores: Cores
  /** A folder of this run. */
  readonly directory: string
  readonly log: (line: string) => void
}

const root = resolve(import.meta.dirname, '../..')
const chatPath = '/v1/chat/completions'
const upstreamKey = 'sk-bench-upstream'
/** LiteLLM reads all its providers at a start. */
const slowStartMs = 120_000

/** In the order of the table. */
export async function startSubjects(place: SubjectPlace): Promise<Subject[]> {
  const direct = ofProgram('direct', place.upstreamPort, null, { authorization: `Bearer ${upstreamKey}` })
  const starting = [
    startNginx(place),
    startRelay(place),
    startCairn(place, 'cairn', 'local'),
    startCairn(place, 'cairn, external', 'external'),
    startPortkey(place),
    startLiteLlm(place),
    startBifrost(place),
  ]
  const started = await Promise.all(
    starting.map((each) =>
      each.catch((thrown: unknown) => {
        place.log(`left out: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
        return null
      }),
    ),
  )
  return [direct, ...started.filter((subject) => subject !== null)]
}

function ofProgram(
  name: string,
  port: number,
  program: Program | null,
  headers: Readonly<Record<string, string>>,
): Subject {
  return { name, port, path: chatPath, headers, pid: program?.pid ?? null, stop: async () => program?.stop() }
}

const bearer = { authorization: `Bearer ${upstreamKey}` }

async function startNginx({ upstreamPort, cores, directory }: SubjectPlace): Promise<Subject | null> {
  const binary = Bun.which('nginx', { PATH: `${process.env['PATH']}:/usr/sbin` })
  if (binary === null) throw new Error('nginx is not installed (a package such as nginx-light has it)')
  const port = await freePort()
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(directory, `nginx-${name}`)};`,
  )
  const config = `
worker_processes 1;
pid ${join(directory, 'nginx.pid')};
error_log stderr warn;
events { worker_connections 1024; }
http {
  access_log off;
  ${temp.join('\n  ')}
  keepalive_requests 100000000;
  upstream model { server 127.0.0.1:${upstreamPort}; keepalive 128; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://model;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }
  }
}
`
  const file = join(directory, 'nginx.conf')
  await writeFile(file, config)
  const command = [binary, '-p', directory, '-c', file, '-g', 'daemon off;']
  const program = startProgram({ command, core: cores.subject })
  await waitForPort(port, program, 10_000)
  return ofProgram('nginx', port, program, bearer)
}

async function startRelay({ upstreamPort, cores }: SubjectPlace): Promise<Subject> {
  const port = await freePort()
  const script = join(import.meta.dirname, 'relay.ts')
  const upstream = `http://127.0.0.1:${upstreamPort}`
  const command = [process.execPath, '--no-env-file', script, '--port', String(port), '--upstream', upstream]
  const program = startProgram({ command, core: cores.subject, env: { BUN_CONFIG_MAX_HTTP_REQUESTS: '16384' } })
  await waitForPort(port, program, 10_000)
  return ofProgram('bare relay', port, program, bearer)
}

/** A server that gives back the bytes of a file to whatever it parses. */
export async function startCachedRelay(file: string, { cores }: Pick<SubjectPlace, 'cores'>): Promise<Subject> {
  const port = await freePort()
  const script = join(import.meta.dirname, 'relay.ts')
  const command = [process.execPath, '--no-env-file', script, '--port', String(port), '--cached', file]
  const program = startProgram({ command, core: cores.subject })
  await waitForPort(port, program, 10_000)
  return ofProgram('bare server', port, program, bearer)
}

export interface CairnOptions {
  readonly upstreamPort: number
  readonly core: string | null
  readonly egress?: 'local' | 'external'
  readonly env?: Readonly<Record<string, string>>
}

/** The real program with a data directory of its own. Its key is the owner’s. */
export async function openCairn(
  name: string,
  { upstreamPort, core, egress = 'local', env = {} }: CairnOptions,
): Promise<Subject & { readonly pid: number; stderr(): string }> {
  const upstream = {
    id: 'bench',
    dialect: 'openai',
    baseUrl: `http://127.0.0.1:${upstreamPort}/v1`,
    apiKey: upstreamKey,
    egress,
    models: ['bench-chat', 'bench-embed'],
  }
  const server = await startServer({ upstreams: [upstream], env })
  pin(server.pid, core)
  return {
    name,
    port: Number(new URL(server.url).port),
    path: chatPath,
    headers: { authorization: `Bearer ${server.ownerKey}` },
    pid: server.pid,
    stderr: server.stderr,
    stop: async () => server[Symbol.asyncDispose](),
  }
}

function startCairn(place: SubjectPlace, name: string, egress: 'local' | 'external'): Promise<Subject> {
  return openCairn(name, { upstreamPort: place.upstreamPort, core: place.cores.subject, egress })
}

async function startPortkey({ upstreamPort, cores }: SubjectPlace): Promise<Subject> {
  const script = join(root, 'bench/node_modules/@portkey-ai/gateway/build/start-server.js')
  const node = Bun.which('node')
  if (node === null || !existsSync(script)) throw new Error('Portkey needs node and the packages of bench/package.json')
  const port = await freePort()
  const program = startProgram({
    command: [node, script, '--headless', `--port=${port}`],
    core: cores.subject,
    // Its guard against requests to this machine has a list of exceptions.
    env: { TRUSTED_CUSTOM_HOSTS: 'localhost,127.0.0.1,::1', NODE_ENV: 'production' },
  })
  await waitForPort(port, program, 20_000)
  return ofProgram('portkey', port, program, {
    ...bearer,
    'x-portkey-provider': 'openai',
    'x-portkey-custom-host': `http://127.0.0.1:${upstreamPort}/v1`,
  })
}

async function startLiteLlm({ upstreamPort, cores, directory }: SubjectPlace): Promise<Subject> {
  const named = process.env['CAIRN_BENCH_LITELLM']
  const binary = named ?? Bun.which('litellm')
  if (binary === null || binary === undefined)
    throw new Error('LiteLLM is not installed (pip install "litellm[proxy]", then PATH or CAIRN_BENCH_LITELLM)')
  const port = await freePort()
  const model = (name: string) =>
    `  - model_name: ${name}\n    litellm_params:\n      model: openai/${name}\n      api_base: http://127.0.0.1:${upstreamPort}/v1\n      api_key: ${upstreamKey}\n`
  const file = join(directory, 'litellm.yaml')
  await writeFile(
    file,
    `model_list:\n${model('bench-chat')}${model('bench-embed')}general_settings:\n  master_key: sk-bench-master\n`,
  )
  const program = startProgram({
    command: [binary, '--config', file, '--host', '127.0.0.1', '--port', String(port), '--num_workers', '1'],
    core: cores.subject,
    cwd: directory,
    env: {
      LITELLM_LOCAL_MODEL_COST_MAP: 'True',
      LITELLM_MODE: 'PRODUCTION',
      LITELLM_LOG: 'ERROR',
      PATH: `${dirname(binary)}:${process.env['PATH']}`,
    },
  })
  await waitForPort(port, program, slowStartMs)
  return ofProgram('litellm', port, program, { authorization: 'Bearer sk-bench-master' })
}

/** Its transport over HTTP, with one key for one provider. */
async function startBifrost({ upstreamPort, cores, directory }: SubjectPlace): Promise<Subject> {
  const binary = process.env['CAIRN_BENCH_BIFROST'] ?? Bun.which('bifrost-http')
  if (binary === null) throw new Error('Bifrost is not installed (bifrost-http on PATH, or CAIRN_BENCH_BIFROST)')
  const port = await freePort()
  const config = {
    config_store: { enabled: false },
    providers: {
      openai: {
        keys: [{ name: 'bench', value: upstreamKey, models: ['bench-chat', 'bench-embed'], weight: 1 }],
        network_config: { base_url: `http://127.0.0.1:${upstreamPort}` },
        concurrency_and_buffer_size: { concurrency: 256, buffer_size: 1_024 },
      },
    },
  }
  await writeFile(join(directory, 'config.json'), JSON.stringify(config))
  const program = startProgram({
    command: [binary, '-host', '127.0.0.1', '-port', String(port), '-app-dir', directory, '-log-level', 'error'],
    core: cores.subject,
  })
  await waitForPort(port, program, 20_000)
  return { ...ofProgram('bifrost', port, program, bearer), path: '/openai/v1/chat/completions' }
}
