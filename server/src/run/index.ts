/** What the process does with the app: serves it, alone or as one of several, or works on the data directory. */
export { serve, type ServeOptions } from './serve.ts'
export { runWorker } from './worker.ts'
export { workerArgument } from './crew.ts'
export { openLocal, findModelServers } from './local.ts'
