/** Puts Cairn together for one vault: settings, key, connection, transport, queue and conversation; and takes it apart. */
import type { Plugin } from 'obsidian'
import { createConversation, type Failure } from '@cairn/ui/client'
import { createConnection, type Connection } from '../core/connection/connection.ts'
import { failureOf } from '../core/connection/failures.ts'
import { createMemory, type PaletteMemory } from '../core/palette/memory.ts'
import type { CairnParts } from '../core/ports.ts'
import { openSettings } from '../core/settings/settings-store.ts'
import { createTransport, type Transport } from '../transport/transport.ts'
import { createDeviceStorage, createKeyStorage, device, type KeyStorage } from './device.ts'
import { createLinks } from './links.ts'
import { createNotes } from './notes.ts'
import { notify } from './notify.ts'
import { closeSettings, openSettingsAt } from './private-api.ts'
import { createCustomCommands, type CustomCommands } from './palette/custom-commands.ts'
import { openSync, type Sync } from './open-sync.ts'
import { createQueue } from './queue.ts'
import { createRecentAnswers } from './recent-answers.ts'
import { later, newId, now, pause, random } from './time.ts'

export interface Cairn extends CairnParts {
  readonly transport: Transport
  readonly keys: KeyStorage
  readonly memory: PaletteMemory
  readonly custom: CustomCommands
  /** Begins to look for the server; called when the layout is ready. */
  start(): void
  close(): Promise<void>
}

/** What needs the plugin's dialogs, which need what is made here. */
export interface Dialogs {
  readonly pair: () => void
  confirm: CairnParts['app']['confirm']
  readonly openView: CairnParts['app']['openView']
}

// oxlint-disable-next-line max-lines-per-function -- the composition of the plugin, part after part
export async function openCairn(plugin: Plugin, dialogs: Dialogs): Promise<Cairn> {
  const { app } = plugin
  const storage = createDeviceStorage(app)
  const settings = await openSettings({
    readFile: () => plugin.loadData() as Promise<unknown>,
    writeFile: (content) => plugin.saveData(content),
    readDevice: storage.read,
    writeDevice: storage.write,
    now,
    newDeviceId: newId,
    later,
  })
  const keys = createKeyStorage(app)
  const links: { connection?: Connection } = {}
  const transport = createTransport({
    target: () => links.connection?.target() ?? null,
    now: () => performance.now(),
    random,
    pause,
    onOutcome: (outcome, { origin }) => links.connection?.noticed(outcome, origin),
  })
  const connection = createConnection({
    address: () => ({
      url: settings.get('connection.serverUrl'),
      allowPlainHttp: settings.get('connection.allowPlainHttp'),
    }),
    isMobile: device.isMobile,
    readKey: keys.read,
    probe: (target) => probe(transport, target),
    later,
    random,
  })
  links.connection = connection
  const queue = createQueue(storage, settings)
  const sync = openSync({ plugin, settings, connection, transport, storage })
  const conversation = createConversation({
    streamAnswer: async (request, signal, onEvent): Promise<Failure | null> => {
      const firstByteMs = settings.get('connection.timeoutSeconds') * 1_000
      const { streamAnswer } = await import('../transport/ask-stream.ts')
      return streamAnswer(transport, { request, signal, firstByteMs, onEvent })
    },
    failureOf,
    now,
    nextFrame: (run) => void window.requestAnimationFrame(run),
    exchanges: () => settings.get('answers.followUps'),
    more: () => ({ limit: settings.get('answers.citations') }),
  })
  const memory = createMemory({ ...storage, settings, now })
  return {
    memory,
    custom: createCustomCommands(plugin, settings),
    settings,
    connection,
    transport,
    keys,
    conversation,
    queue,
    answers: createRecentAnswers(storage, settings, conversation),
    sync,
    server: createServerPort(transport),
    notes: createNotes(plugin, settings),
    links: createLinks(plugin, settings),
    app: {
      notify,
      openSettings: () => {
        if (!openSettingsAt(app, plugin.manifest.id)) notify('Open Settings, then Cairn.')
      },
      closeSettings: () => closeSettings(app),
      pair: dialogs.pair,
      confirm: dialogs.confirm,
      openView: dialogs.openView,
      copy: (text) =>
        navigator.clipboard.writeText(text).then(
          () => true,
          () => false,
        ),
    },
    device,
    now,
    ...lifeOf(plugin, { settings, connection, sync, stop: () => conversation.clear(), memory, conversation }),
  }
}

/** Which vaults the key may use; that it answers is what we want to know. */
async function probe(transport: Transport, target: { origin: string; key: string | null }) {
  const { probeServer } = await import('../transport/server-calls.ts')
  return probeServer(transport, target)
}

function createServerPort(transport: Transport): CairnParts['server'] {
  return {
    models: async () => (await import('../transport/server-calls.ts')).listModels(transport),
    ask: async (request, call) => (await import('../transport/server-calls.ts')).askOnce(transport, request, call),
    dryRun: async (request) => (await import('../transport/server-calls.ts')).askDryRun(transport, request),
    figures: async () => (await import('../transport/figures-calls.ts')).figuresCalls(transport),
    related: async (asked) => (await import('../transport/figures-calls.ts')).relatedNotes(transport, asked),
  }
}

interface LifeParts extends Pick<Cairn, 'settings' | 'connection' | 'memory' | 'conversation'> {
  readonly sync: Sync
  readonly stop: () => void
}

function lifeOf(
  plugin: Plugin,
  { settings, connection, sync, stop, memory, conversation }: LifeParts,
): Pick<Cairn, 'start' | 'close'> {
  return {
    start() {
      const look = () => void connection.check()
      const addresses = () => `${settings.get('connection.serverUrl')} ${settings.get('connection.allowPlainHttp')}`
      let looked = addresses()
      plugin.register(
        settings.values.subscribe(() => {
          if (addresses() === looked) return
          looked = addresses()
          look()
        }),
      )
      plugin.register(settings.values.subscribe(memory.follow))
      let asked = 0
      plugin.register(
        conversation.turns.subscribe(() => {
          const last = conversation.turns.get().at(-1)
          if (last === undefined || last.id === asked) return
          asked = last.id
          memory.asked(last.question)
        }),
      )
      plugin.registerDomEvent(window, 'online', look)
      if (settings.repaired.length > 0)
        notify(`${settings.repaired.length} settings of Cairn were not usable and are as at first again.`)
      sync.start()
      look()
    },
    async close() {
      stop()
      await sync.close()
      connection.close()
      await settings.flush()
    },
  }
}
