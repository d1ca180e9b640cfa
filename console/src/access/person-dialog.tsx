/** One person: state, roles and groups, and what an administrator can do about them. */
import { useState } from 'preact/hooks'
import type { GroupInfo, UserInfo, UserLink } from '@cairn/contract'
import { Button, ConfirmDialog, Dialog, ErrorState } from '@cairn/ui'
import type { Reply } from '../api/failure.ts'
import { useConsole } from '../shell/console-context.ts'
import { formatDateTime } from '../shell/clock.ts'
import { hrefOf } from '../shell/router.ts'
import { changeUser, clearSecondFactor, confirmLink, createResetLink, endSessions, removeUser } from './access-api.ts'
import { useAccess } from './access-context.ts'
import { LinkDialog, type AddDialogProps } from './add-dialogs.tsx'
import { namePrincipal, sayScope } from './names.ts'
import { StateBadge } from './state-badge.tsx'
import { groupsWith, methodWords } from './people.ts'
import { errorText, useAction } from './use-action.ts'

export interface PersonDialogProps extends AddDialogProps {
  readonly person: UserInfo
  readonly groups: readonly GroupInfo[]
}

/** What asks first. */
type Asked = 'suspend' | 'remove' | 'demote' | 'factor' | null

export function PersonDialog({ person, groups, onChanged, onClose }: PersonDialogProps) {
  const { busy, error, run, clear } = useAction()
  const [asked, setAsked] = useState<Asked>(null)
  const [link, setLink] = useState<UserLink | null>(null)
  const { id, name } = person
  const act = async (change: () => Promise<Reply<unknown>>, done: string) => {
    if (!(await run(change, done))) return
    onChanged()
    setAsked(null)
  }
  if (link) return <LinkDialog title={`A new password for ${name}`} link={link} onClose={onClose} />
  if (asked !== null)
    return (
      <AskFirst
        asked={asked}
        name={name}
        busy={busy}
        error={errorText(error)}
        onConfirm={() =>
          void act(() => changes[asked](id), doneWords[asked](name)).then(() => asked === 'remove' && onClose())
        }
        onClose={() => {
          clear()
          setAsked(null)
        }}
      />
    )
  return (
    <Dialog title={name} onClose={onClose}>
      {error ? <ErrorState title={errorText(error)} /> : null}
      <PersonFacts person={person} groups={groups} />
      <WaitingLink
        person={person}
        busy={busy}
        onConfirm={(linkId) => void act(() => confirmLink(id, linkId), `The link for ${name} opens now`)}
      />
      <PersonActions
        person={person}
        busy={busy}
        onAsk={setAsked}
        onDo={(what) =>
          void (what === 'link'
            ? run(() => createResetLink(id)).then((done) => done && (setLink(done.value), onChanged()))
            : act(() => directChanges[what](id), directWords[what](name)))
        }
      />
    </Dialog>
  )
}

const changes = {
  suspend: (id: string) => changeUser(id, { status: 'suspended' }),
  remove: (id: string) => removeUser(id),
  demote: (id: string) => changeUser(id, { isOwner: false }),
  factor: (id: string) => clearSecondFactor(id),
} as const satisfies Record<Exclude<Asked, null>, unknown>

const doneWords = {
  suspend: (name: string) => `${name} is suspended`,
  remove: (name: string) => `${name} is removed`,
  demote: (name: string) => `${name} is no owner any more`,
  factor: (name: string) => `${name} has no second factor any more`,
}

const directChanges = {
  resume: (id: string) => changeUser(id, { status: 'active' }),
  promote: (id: string) => changeUser(id, { isOwner: true }),
  sessions: (id: string) => endSessions(id),
} as const

const directWords = {
  resume: (name: string) => `${name} may come back`,
  promote: (name: string) => `${name} is an owner`,
  sessions: (name: string) => `${name} is signed out everywhere`,
}

const askWords = {
  suspend: {
    title: 'Suspend',
    text: 'Sessions and keys stop working at once. Roles and groups stay, for when they come back.',
  },
  remove: {
    title: 'Remove',
    text: 'The account goes with all its keys and sessions. Statements that name it give nothing any more. This cannot be undone.',
  },
  demote: { title: 'Remove ownership', text: 'They no longer run this server. Other roles stay.' },
  factor: { title: 'Remove the second factor', text: 'Their sessions end, and a password alone signs in again.' },
} as const

interface AskFirstProps {
  readonly asked: Exclude<Asked, null>
  readonly name: string
  readonly busy: boolean
  readonly error: string
  readonly onConfirm: () => void
  readonly onClose: () => void
}

function AskFirst({ asked, name, busy, error, onConfirm, onClose }: AskFirstProps) {
  const { title, text } = askWords[asked]
  return (
    <ConfirmDialog
      title={asked === 'suspend' || asked === 'remove' ? `${title} ${name}?` : `${title} of ${name}?`}
      action={asked === 'suspend' ? 'Suspend' : 'Remove'}
      busy={busy}
      onConfirm={onConfirm}
      onClose={onClose}
    >
      <p>{text}</p>
      {error ? <ErrorState title={error} /> : null}
    </ConfirmDialog>
  )
}

function PersonFacts({ person, groups }: { readonly person: UserInfo; readonly groups: readonly GroupInfo[] }) {
  const { matrix, names } = useAccess()
  const { id, email, methods, lastSeenAt, createdAt } = person
  const within = groupsWith(groups, id)
  const roles = matrix.roles.flatMap((role) =>
    role.holders
      .filter(({ principal }) => principal === `user:${id}`)
      .map(({ grant, scope }) => ({ grant, scope, role: role.id })),
  )
  return (
    <dl class="facts">
      <dt>State</dt>
      <dd>
        <StateBadge person={person} />
      </dd>
      <dt>E-mail</dt>
      <dd>{email ?? 'None'}</dd>
      <dt>Signs in with</dt>
      <dd>{methods.length === 0 ? 'Nothing yet' : methods.map((method) => methodWords[method]).join(', ')}</dd>
      <dt>Last seen</dt>
      <dd>{lastSeenAt === null ? `Never; added ${formatDateTime(createdAt)}` : formatDateTime(lastSeenAt)}</dd>
      <dt>Groups</dt>
      <dd>{within.length === 0 ? 'None' : within.map((group) => group.name).join(', ')}</dd>
      <dt>Own roles</dt>
      <dd>
        {roles.length === 0 ? (
          'None'
        ) : (
          <ul>
            {roles.map(({ grant, role, scope }) => (
              <li key={grant}>
                {role} on {sayScope(names, scope)}
              </li>
            ))}
          </ul>
        )}
      </dd>
    </dl>
  )
}

interface WaitingLinkProps {
  readonly person: UserInfo
  readonly busy: boolean
  readonly onConfirm: (link: string) => void
}

/** A link that another administrator made, to be opened by this one; whoever made it is told to wait. */
function WaitingLink({ person, busy, onConfirm }: WaitingLinkProps) {
  const { names } = useAccess()
  const { session } = useConsole()
  const { link, name } = person
  if (link === null || link.isConfirmed) return null
  const isMaker = link.madeBy === session.principal.id
  const what = link.purpose === 'invitation' ? 'An invitation' : 'A link to set a new password'
  return (
    <div class="access-once" role="note">
      {isMaker ? (
        <p>{what} that you made waits for a second administrator. Ask one to confirm it here.</p>
      ) : (
        <>
          <p>
            {what} waits for a second administrator. {namePrincipal(names, `user:${link.madeBy}`)} made it: whoever has
            it can become {name}. Confirm it when you know that {name} is to have it.
          </p>
          <Button small kind="primary" busy={busy} onClick={() => onConfirm(link.id)}>
            Confirm the link
          </Button>
        </>
      )}
    </div>
  )
}

interface PersonActionsProps {
  readonly person: UserInfo
  readonly busy: boolean
  readonly onAsk: (asked: Asked) => void
  readonly onDo: (what: 'link' | keyof typeof directChanges) => void
}

/** One’s own account has a page of its own, and nobody shuts themselves out. Owners are managed by owners. */
function PersonActions({ person, busy, onAsk, onDo }: PersonActionsProps) {
  const { may } = useAccess()
  const { session } = useConsole()
  const { status, isOwner, methods, id } = person
  const isSelf = session.principal.id === id
  const mayManage = !isSelf && (!isOwner || may('org.configure'))
  return (
    <div class="access-actions">
      <a class="cairn-button is-small is-secondary" href={hrefOf('access', { view: 'why', subject: `user:${id}` })}>
        What may they do?
      </a>
      {mayManage ? (
        <>
          <Button small busy={busy} onClick={() => onDo('link')}>
            Reset link
          </Button>
          <Button small onClick={() => onDo('sessions')}>
            Sign out everywhere
          </Button>
          {methods.includes('totp') ? (
            <Button small onClick={() => onAsk('factor')}>
              Remove second factor
            </Button>
          ) : null}
          {may('org.configure') ? (
            <Button small onClick={() => (isOwner ? onAsk('demote') : onDo('promote'))}>
              {isOwner ? 'Remove ownership' : 'Make owner'}
            </Button>
          ) : null}
          {status === 'active' ? (
            <Button small onClick={() => onAsk('suspend')}>
              Suspend
            </Button>
          ) : (
            <Button small onClick={() => onDo('resume')}>
              Resume
            </Button>
          )}
          <Button small icon="trash" onClick={() => onAsk('remove')}>
            Remove
          </Button>
        </>
      ) : null}
    </div>
  )
}
