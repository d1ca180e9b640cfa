/** What the process does with the app: serves it, or works on the data directory for one command. */
export { serve, type ServeOptions } from './serve.ts'
export { openLocal, findModelServers } from './local.ts'
