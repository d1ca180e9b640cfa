/** The configuration: one schema, four places a value may come from, every mistake at once. */
export {
  loadConfig,
  readEnvironment,
  type LoadedConfig,
  type LoadOptions,
  type ExplainedSetting,
  type Secrets,
  type Origin,
} from './load.ts'
export { listSettings, type Setting } from './settings.ts'
