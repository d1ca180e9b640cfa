/**
 * Loaded before every test file. Waits a moment after its last test, so that a rejection lost there fails the run. Random
 * input begins with `CAIRN_TEST_SEED`.
 */
import { afterAll } from 'bun:test'
import fc from 'fast-check'

const seed = process.env.CAIRN_TEST_SEED
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) })

afterAll(() => Bun.sleep(20))
