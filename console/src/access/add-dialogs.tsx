/** Inviting a person, adding a group or a service. A link or a key is shown this once. */
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import type { UserLink } from '@cairn/contract'
import { Button, Dialog, ErrorState, Icon, TextField } from '@cairn/ui'
import { formatDateTime } from '../shell/clock.ts'
import { CopyButton } from '../shell/copy-button.tsx'
import { createGroup, createService, inviteUser } from './access-api.ts'
import { errorText, useAction } from './use-action.ts'

export interface AddDialogProps {
  readonly onChanged: () => void
  readonly onClose: () => void
}

export function InviteDialog({ onChanged, onClose }: AddDialogProps) {
  const { busy, error, run } = useAction()
  const [name, setName] = useState('')
  const [email, setEmail] = useState('')
  const [link, setLink] = useState<UserLink | null>(null)
  const invite = async (event: Event) => {
    event.preventDefault()
    const done = await run(() => inviteUser(name.trim(), email.trim()))
    if (!done) return
    setLink(done.value.link)
    onChanged()
  }
  if (link) return <LinkDialog title={`${name.trim()} is invited`} link={link} onClose={onClose} />
  const at = error?.param
  return (
    <Dialog title="Invite a person" onClose={onClose}>
      <form class="form" noValidate onSubmit={(event) => void invite(event)}>
        {error && at !== 'name' && at !== 'email' ? <ErrorState title={errorText(error)} /> : null}
        <TextField
          label="Name"
          value={name}
          maxLength={120}
          error={at === 'name' ? errorText(error) : undefined}
          onInput={setName}
        />
        <TextField
          label="E-mail"
          value={email}
          maxLength={254}
          hint="To sign in with. No mail is sent: you pass on the link."
          error={at === 'email' ? errorText(error) : undefined}
          onInput={setEmail}
        />
        <FormActions busy={busy} action="Invite" onClose={onClose} />
      </form>
    </Dialog>
  )
}

export interface LinkDialogProps {
  readonly title: string
  readonly link: UserLink
  readonly onClose: () => void
}

export function LinkDialog({ title, link, onClose }: LinkDialogProps) {
  return (
    <Dialog
      title={title}
      onClose={onClose}
      footer={
        <Button kind="primary" onClick={onClose}>
          Done
        </Button>
      }
    >
      <p>Pass this link on. It is shown this once, works once, and sets the password.</p>
      <Secret text={link.url} what="Link" />
      {link.isConfirmed ? (
        <p class="cairn-field-hint">It ends on {formatDateTime(link.expiresAt)}.</p>
      ) : (
        <p role="note">
          <Icon name="warning" size={16} /> It opens nothing yet: a second administrator has to confirm it on this page
          by {formatDateTime(link.expiresAt)}.
        </p>
      )}
    </Dialog>
  )
}

export function Secret({ text, what }: { readonly text: string; readonly what: string }) {
  return (
    <div class="secret">
      <code>{text}</code>
      <CopyButton text={text} what={what} />
    </div>
  )
}

export function AddGroupDialog(props: AddDialogProps) {
  return (
    <NameDialog
      {...props}
      title="Add a group"
      action="Add group"
      placeholder="Engineering"
      save={(name) => createGroup(name)}
    />
  )
}

export function AddServiceDialog(props: AddDialogProps) {
  return (
    <NameDialog
      {...props}
      title="Add a service"
      action="Add service"
      placeholder="Release notes bot"
      save={(name) => createService(name)}
    >
      <p class="cairn-field-hint">It holds no role until you give it one. Make its keys on its page.</p>
    </NameDialog>
  )
}

interface NameDialogProps extends AddDialogProps {
  readonly title: string
  readonly action: string
  readonly placeholder: string
  readonly save: (name: string) => ReturnType<typeof createGroup> | ReturnType<typeof createService>
  readonly children?: ComponentChildren
}

function NameDialog({ title, action, placeholder, save, children, onChanged, onClose }: NameDialogProps) {
  const { busy, error, run } = useAction()
  const [name, setName] = useState('')
  const submit = async (event: Event) => {
    event.preventDefault()
    const done = await run<unknown>(() => save(name.trim()), `${name.trim()} is added`)
    if (!done) return
    onChanged()
    onClose()
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <form class="form" noValidate onSubmit={(event) => void submit(event)}>
        <TextField
          label="Name"
          value={name}
          maxLength={120}
          placeholder={placeholder}
          error={errorText(error) || undefined}
          onInput={setName}
        />
        {children}
        <FormActions busy={busy} action={action} onClose={onClose} />
      </form>
    </Dialog>
  )
}

export interface FormActionsProps {
  readonly busy: boolean
  readonly action: string
  readonly isDisabled?: boolean
  readonly onClose: () => void
}

export function FormActions({ busy, action, isDisabled = false, onClose }: FormActionsProps) {
  return (
    <div class="form-actions">
      <Button onClick={onClose}>Cancel</Button>
      <Button kind="primary" type="submit" busy={busy} disabled={isDisabled}>
        {action}
      </Button>
    </div>
  )
}
