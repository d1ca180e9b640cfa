/** Loaded before every test file: waits a moment after its last test, so that a rejection lost there fails the run. */
import { afterAll } from 'bun:test'

afterAll(() => Bun.sleep(20))
