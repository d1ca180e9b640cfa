/** Who may do what. */
export { createAccess, type AccessOptions } from './access.ts'
export { accessSchema } from './schema.ts'
export type { Access, Credentials } from './types.ts'
