#!/usr/bin/env node
/** `npx cairn …` in the repository: prepares what `npm start` would, then hands over to the command line in server/. */
const major = Number(process.versions.node.split('.')[0])
if (major < 18) {
  console.error(`Cairn needs Node 18 or newer to set itself up; this is Node ${process.versions.node}.`)
  process.exit(2)
}

const { prepare, runBun, stopOnFailure } = await import('./prepare.mjs')

const args = process.argv.slice(2)
await stopOnFailure(() => prepare({ packages: 'production', console: args[0] === 'serve' }))
await runBun(['server/src/main.ts', '--cwd', process.cwd(), ...args])
