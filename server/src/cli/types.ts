/** What the command line is given by main.ts, and what a command is. */
import type { SearchRequest, SearchResult, VaultInfo } from '@cairn/contract'
import type { Clock } from '../base/index.ts'
import type { LoadedConfig } from '../config/index.ts'
import type { ServerClient } from './client.ts'
import type { Style } from './terminal/style.ts'

/** The part of `process.stdout` that commands use. */
export interface Output {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

/** Everything a run depends on; `main.ts` takes it from the process, tests make it up. */
export interface CliInput {
  /** Arguments after the program’s name. */
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** Folder from which relative paths count, unless `--cwd` names another. */
  readonly cwd: string
  /** The repository: home of the configuration file and of the default data directory. */
  readonly root: string
  readonly version: string
  readonly runtime: { readonly bun: string; readonly expectedBun: string }
  readonly stdout: Output
  readonly stderr: Output
  /** Aborted by ^C: open requests end, what was printed stays. */
  readonly signal: AbortSignal
  readonly clock: Clock
  /**
   * Must use no proxy and no time limit of its own; never follows redirects. `isThisMachine`: whose certificate it is,
   * does not matter.
   */
  readonly fetch: (url: string, init: RequestInit & { readonly isThisMachine?: boolean }) => Promise<Response>
  readonly services: CliServices
}

/** The server’s own parts that commands start; `app.ts` makes them. */
export interface CliServices {
  /** Serves until it is told to stop; resolves with the exit code. */
  runServer(config: LoadedConfig): Promise<number>
  /** Opens the data directory under its lock, for commands that need files only. Throws when it cannot. */
  openLocal(config: LoadedConfig): Promise<Store>
  /** Model servers on this machine’s usual ports, and the configured ones that answer. */
  findModelServers(config: LoadedConfig): Promise<FoundModelServer[]>
}

export interface FoundModelServer {
  readonly id: string
  readonly baseUrl: string
  readonly models: number
}

/** The vaults, in a running server or straight from the data directory. */
export interface Store {
  listVaults(): Promise<VaultInfo[]>
  /** Throws `vault.folder` or `vault.exists`. */
  addVault(options: { path: string; name?: string }): Promise<VaultInfo>
  /** Throws `vault.not-found`. */
  removeVault(id: string): Promise<void>
  search(request: SearchRequest): Promise<{ results: SearchResult[] }>
  /** Indexes a vault again, reports its state as it goes on, and resolves with the last one. */
  index(id: string, options: { report: (vault: VaultInfo) => void; signal: AbortSignal }): Promise<VaultInfo>
  close(): Promise<void>
}

export interface FlagSpec {
  readonly name: `--${string}`
  readonly short?: `-${string}`
  /** Name of the value in the help; a flag without one is a switch. */
  readonly value?: string
  readonly many?: true
  /** The value is a path: it is made absolute against the caller’s folder. */
  readonly path?: true
  readonly summary: string
}

export interface ArgumentSpec {
  readonly name: string
  readonly optional?: true
  /** Takes all words that are left. */
  readonly many?: true
  readonly path?: true
}

export interface CommandSpec {
  /** One or two words. */
  readonly name: string
  readonly group: 'Serve' | 'Ask and find' | 'Manage' | 'Access' | 'Look after'
  readonly summary: string
  readonly args: readonly ArgumentSpec[]
  readonly flags: readonly FlagSpec[]
  readonly example: string
  /** Exit codes beyond 0 done, 2 wrong use, 3 unreachable. */
  readonly answersNo?: string
  readonly run: (context: CommandContext) => Promise<number>
}

/** What a command gets: its parsed arguments and the ways out. */
export interface CommandContext {
  readonly input: CliInput
  readonly args: Readonly<Record<string, readonly string[]>>
  readonly flags: ParsedFlags
  readonly json: boolean
  readonly style: Style
  /** The configuration as the server would see it. Throws `config.invalid`. */
  config(): LoadedConfig
  /** Prints a line to the standard output. */
  print(line?: string): void
  /** The running server, or a failure with exit code 3 that says how to start one. */
  requireServer(): Promise<ServerClient>
  /** The running server, or null when there is none. */
  findServer(): Promise<ServerClient | null>
  /** Runs with the vaults of the running server, else with those in the data directory. */
  withStore<T>(run: (store: Store) => Promise<T>): Promise<T>
}

export interface ParsedFlags {
  has(name: `--${string}`): boolean
  value(name: `--${string}`): string | undefined
  values(name: `--${string}`): readonly string[]
}
