/**
 * Runs before the first paint, as a script of its own: sets the chosen theme so that the page does not flash, and tells
 * zod to compile nothing, because our content policy forbids making code from text.
 */
import { applyTheme, readTheme } from './shell/theme.ts'

applyTheme(readTheme())
Object.assign(globalThis, { __zod_globalConfig: { jitless: true } })
