/** The command line: `serve` and everything that talks to a running server or its files. */
export { runCli } from './run.ts'
export { commands } from './commands/index.ts'
export { flagUsage, usageOf } from './help.ts'
export { globalFlags } from './parse.ts'
export { serverFileName, type ServerFile } from './server-file.ts'
export type { CliInput, CliServices, CommandSpec, FoundModelServer, Output, Store } from './types.ts'
