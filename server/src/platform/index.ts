/** The machine: databases, threads, files, the network. Nothing above this folder names the runtime. */
export {
  openSqlite,
  openPostgres,
  type SqlConnection,
  type SqlSession,
  type SqlValue,
  type SqliteOptions,
  type Row,
} from './sql.ts'
export { startWorker, serveWorker, type WorkerHandle } from './worker.ts'
export { writePrivateFile } from './files.ts'
export { lockDirectory, type Lock } from './lock.ts'
export { openKeyring, type Keyring, type KeyPurpose } from './keyring.ts'
export {
  createOutbound,
  createPermitOffice,
  type Outbound,
  type OutboundRequest,
  type EgressPermit,
  type EgressCount,
  type PermitOffice,
  type PermitTicket,
  type Egress,
} from './outbound.ts'
export { listenHttp, type HttpListener, type HttpListenOptions, type HttpPeer } from './http-server.ts'
