/** The HTTP edge: bytes to contract and back. `app.ts` makes it with everything behind it. */
export { createHttpServer, type HttpServer } from './server.ts'
export type {
  AskOutcome,
  GatewayReply,
  HttpDependencies,
  HttpSettings,
  ModelCatalogue,
  NativeInput,
  Pipeline,
  StoredProviders,
} from './dependencies.ts'
export { foldFamilies, metricsTopic, type MetricFamily, type MetricSample, type MetricSource } from './metrics.ts'
export { createCacheMetrics } from './cache-metrics.ts'
export { formatSignInUrl } from './handlers/identity.ts'
export { routes } from './routes.ts'
export { createOpenApi } from './openapi.ts'
export {
  describeAudit,
  describeCache,
  describeDrift,
  describeEgress,
  describeHealth,
  describeLoad,
  describeSinks,
  describeWitnesses,
  describeTurn,
} from './server-metrics.ts'
