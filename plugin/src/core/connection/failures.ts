/** What can go wrong between plugin and server, with what a person in Obsidian can do about it. Pure. */
import { createFailures, type Failure } from '@cairn/ui/client'

export const { failureOf, readFailure } = createFailures('plugin', {
  'access.unauthenticated': 'Pair this device again in Cairn’s settings.',
  'access.key-unknown': 'Pair this device again in Cairn’s settings.',
  'model.not-found': 'Choose another model below the question.',
  'model.capability': 'Choose another model below the question.',
  'model.not-cleared': 'Choose a model that runs on the server’s machine, or ask of less sensitive notes.',
  'upstream.unreachable': 'Ask whoever runs the server to look at that provider, or choose another model.',
  'upstream.timeout': 'Try again, or choose another model.',
  'upstream.rate-limited': 'Wait a minute, or choose another model.',
  'upstream.broken-stream': 'What arrived is shown above. Try again for a whole answer.',
  'index.not-ready': 'The server is still reading the notes. Try again in a moment.',
  'server.stopping': 'The server is being restarted. Try again in a moment.',
})

function own(code: string, title: string, hint: string): Failure {
  return { code: `plugin.${code}`, status: 0, title, message: '', hint, retryable: true, requestId: undefined }
}

export const unreachable = own(
  'unreachable',
  'The server does not answer',
  'Check that it runs and that this device is online.',
)
export const malformed = own(
  'malformed',
  'The server’s reply cannot be read',
  'Plugin and server are probably of different versions. Update both.',
)
export const brokenOff = own(
  'broken-off',
  'The connection broke off in the middle of the answer',
  'Check that the server still runs, then try again.',
)
export const tooSlow = own(
  'too-slow',
  'The server did not answer in time',
  'Try again, or give it more time under Connection in the settings.',
)
export const notConnected = own(
  'not-connected',
  'Cairn is not connected to a server',
  'Set the server and pair this device in Cairn’s settings.',
)
