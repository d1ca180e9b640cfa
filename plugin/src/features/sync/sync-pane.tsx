/** The panel *Vault sync*: what would be sent before anything is, then where sync stands and what is left to decide. */
import type { VNode } from 'preact'
import { useMemo } from 'preact/hooks'
import { Button, Icon, Progress } from '@cairn/ui'
import { useStore } from '@cairn/ui/store'
import type { CairnParts } from '../../core/ports.ts'
import { stageWords, type SyncReport } from '../../core/sync/report.ts'
import { ConnectionBanner } from '../connection-banner.tsx'
import { useLook } from '../use-look.ts'
import { ConflictList } from './conflict-list.tsx'
import { Fact } from './fact.tsx'
import { formatAgo } from './format.ts'
import { StartSync } from './start-sync.tsx'

export function syncPane(parts: CairnParts): VNode {
  return <SyncPane parts={parts} />
}

function SyncPane({ parts }: { readonly parts: CairnParts }) {
  const report = useStore(parts.sync.report)
  const connection = useStore(parts.connection.state)
  const look = useLook(useStore(parts.settings.values))
  return (
    <div class={`cairn cairn-sync ${look.classes}`} style={look.style} role="region" aria-label="Vault sync">
      <ConnectionBanner parts={parts} state={connection} />
      <div class="cairn-sync-body">
        {report.stage.at === 'off' ? (
          <StartSync parts={parts} />
        ) : (
          <>
            <Head report={report} parts={parts} />
            <ConflictList parts={parts} conflicts={report.conflicts} />
            <Problems report={report} />
            <Facts report={report} parts={parts} />
          </>
        )}
      </div>
    </div>
  )
}

interface Shown {
  readonly report: SyncReport
  readonly parts: CairnParts
}

function Head({ report, parts }: Shown) {
  const { title, sentence, tone } = stageWords(report)
  const { stage } = report
  return (
    <section class={`cairn-sync-head is-${tone}`}>
      <Icon name={tone === 'warning' ? 'warning' : tone === 'good' ? 'check' : 'refresh'} size={20} />
      <div>
        <h2>{title}</h2>
        <p role="status">{sentence}</p>
      </div>
      {stage.at === 'working' ? (
        <Progress label={title} done={stage.progress?.done ?? 0} total={stage.progress?.total ?? 0} />
      ) : null}
      <div class="cairn-sync-actions">
        <StageActions report={report} parts={parts} />
      </div>
    </section>
  )
}

function StageActions({ report: { stage }, parts }: Shown) {
  const { sync } = parts
  const pause = (
    <Button icon="pause" onClick={() => sync.setPaused(true)}>
      Pause
    </Button>
  )
  const again = (
    <Button icon="refresh" onClick={sync.syncNow}>
      Sync now
    </Button>
  )
  switch (stage.at) {
    case 'paused':
      return (
        <Button kind="primary" icon="play" onClick={() => sync.setPaused(false)}>
          Go on
        </Button>
      )
    case 'working':
    case 'waiting':
      return pause
    case 'unready':
      return <Button onClick={parts.app.openSettings}>Open settings</Button>
    case 'follower':
      return (
        <>
          <Button onClick={() => void takeOver(parts, stage.publisher)}>Send from this device</Button>
          {again}
        </>
      )
    case 'ask-deletions':
      return (
        <>
          <Button kind="danger" onClick={sync.confirmDeletions}>
            Delete them there
          </Button>
          {pause}
        </>
      )
    case 'off':
    case 'done':
    case 'failed':
      return (
        <>
          {again}
          {pause}
        </>
      )
  }
}

async function takeOver(
  { app, sync }: CairnParts,
  publisher: { readonly device: string; readonly name: string } | null,
): Promise<void> {
  const isSure = await app.confirm({
    title: 'Send from this device?',
    text: `${publisher?.name ?? 'The other device'} will no longer send. Where both differ, you decide note by note.`,
    yes: 'Send from here',
  })
  if (isSure) sync.takeOver(publisher?.device ?? null)
}

function Problems({ report: { problems } }: Pick<Shown, 'report'>) {
  if (problems.length === 0) return null
  return (
    <section class="cairn-sync-part" aria-labelledby="cairn-sync-problems">
      <h3 id="cairn-sync-problems">Not sent</h3>
      <ul>
        {problems.slice(0, 100).map(({ path, reason }) => (
          <li key={path}>
            <strong>{path}</strong>
            <span class="cairn-muted">{reason}</span>
          </li>
        ))}
      </ul>
      {problems.length > 100 ? <p class="cairn-muted">And {problems.length - 100} more.</p> : null}
    </section>
  )
}

function Facts({ report: { lastAt, stage }, parts }: Shown) {
  const { sync, app, now } = parts
  const target = sync.target()
  // It looks at every note: not for each step of a run.
  const plan = useMemo(() => sync.plan(), [lastAt, stage.at])
  const turnOff = async () => {
    const isSure = await app.confirm({
      title: 'Turn vault sync off?',
      text: 'Nothing more is sent. What was sent stays on the server until the vault is removed there.',
      yes: 'Turn off',
    })
    if (isSure) sync.setOn(false)
  }
  return (
    <section class="cairn-sync-part" aria-labelledby="cairn-sync-facts">
      <h3 id="cairn-sync-facts">This vault</h3>
      <dl class="cairn-sync-facts">
        <Fact name="In step">{lastAt === null ? 'not yet' : formatAgo(lastAt, now())}</Fact>
        {target.ok ? (
          <>
            <Fact name="Server">{target.origin.replace(/^https?:\/\//, '')}</Fact>
            <Fact name="Vault there">{target.vault}</Fact>
          </>
        ) : null}
        <Fact name="Notes">{String(plan.notes)}</Fact>
        <Fact name="Kept back">{String(plan.keptBack)}</Fact>
      </dl>
      <div class="cairn-sync-actions">
        <Button small onClick={app.openSettings}>
          What is excluded
        </Button>
        <Button small onClick={() => void turnOff()}>
          Turn off
        </Button>
      </div>
    </section>
  )
}
