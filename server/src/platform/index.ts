/** The machine: databases, threads, files, the network. Nothing above this folder names the runtime. */
export { openPostgres, type SqlConnection, type SqlSession, type SqlValue, type Row } from './sql.ts'
export { openSqlite, type SqliteOptions } from './sqlite.ts'
export { startWorker, serveWorker, type WorkerHandle } from './worker.ts'
export { keepWorker, openWorker } from './kept-worker.ts'
export { writePrivateFile } from './files.ts'
export { hashPassword, verifyPassword, type PasswordCost } from './password.ts'
export { lockDirectory, lockFile, tryLockFile, type Lock } from './lock.ts'
export { createPostgresLock, type PostgresLock } from './postgres-lock.ts'
export { startChild, openParentChannel, type ChildProcess, type ParentChannel } from './processes.ts'
export {
  openKeyring,
  rotateAfterMs,
  type Keyring,
  type KeyPurpose,
  type SealingKey,
  type SealingKeys,
  type SealingPurpose,
} from './keyring.ts'
export {
  createOutbound,
  createPermitOffice,
  isForbiddenHost,
  type Outbound,
  type OutboundRequest,
  type EgressPermit,
  type EgressCount,
  type PermitOffice,
  type PermitTicket,
  type Egress,
} from './outbound.ts'
export { createTlsDoor, tlsAddress, type TlsDoor } from './tls-send.ts'
export { listenHttp, type HttpListener, type HttpListenOptions, type HttpPeer } from './http-server.ts'
export { openRedis, defineScript, type Redis, type RedisArgument, type RedisReply, type RedisScript } from './redis.ts'
export { openCertificate, type Certificate, type TlsPair } from './tls-files.ts'
export { reservePort, type ReservedPort } from './reserve-port.ts'
export { openSecret, sealSecret } from './seal-secret.ts'
export { listFiles, openLineFile, readLastLine, readLines, removeFile, setAside, type LineFile } from './append-file.ts'
export { watchFile } from './watch-file.ts'
