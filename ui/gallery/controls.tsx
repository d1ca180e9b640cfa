/** Buttons, badges and fields in their states. */
import { useState } from 'preact/hooks'
import {
  Badge,
  Button,
  Checkbox,
  Combobox,
  ConfirmDialog,
  DateTimeField,
  Dialog,
  FieldGroup,
  Icon,
  Logo,
  SecretField,
  Select,
  TextArea,
  TextField,
  useToast,
} from '../src/index.ts'
import { Frame } from './frame.tsx'

const kinds = ['primary', 'secondary', 'quiet', 'danger'] as const
const options = [
  { value: 'a', text: 'Larkspur' },
  { value: 'b', text: 'Guillemot' },
]

export function Controls() {
  return (
    <>
      <Frame
        title="Button"
        states={[
          ...kinds.map((kind) => ({ name: kind, shown: <Button kind={kind}>Ask</Button> })),
          { name: 'small, with an icon', shown: <Button small icon="refresh" children="Refresh" /> },
          { name: 'icon alone', shown: <Button icon="copy" label="Copy" /> },
          { name: 'pressed', shown: <Button pressed>24 hours</Button> },
          { name: 'busy', shown: <Button busy>Sending</Button> },
          { name: 'disabled', shown: <Button disabled>Send</Button> },
        ]}
      />
      <Frame
        title="Badge"
        states={(['neutral', 'accent', 'warn', 'danger'] as const).map((tone) => ({
          name: tone,
          shown: (
            <Badge tone={tone} icon={tone === 'neutral' ? undefined : tone === 'accent' ? 'check' : 'warning'}>
              {tone}
            </Badge>
          ),
        }))}
      />
      <Frame
        title="Icon and logo"
        states={[
          { name: 'icon', shown: <Icon name="graph" /> },
          { name: 'logo', shown: <Logo /> },
        ]}
      />
      <Fields />
      <Layers />
    </>
  )
}

function Fields() {
  const [text, setText] = useState('Larkspur')
  const [value, setValue] = useState('a')
  const [isOn, setOn] = useState(true)
  return (
    <Frame
      title="Fields"
      states={[
        { name: 'text', shown: <TextField label="Name" value={text} onInput={setText} hint="As others see it" /> },
        { name: 'wrong', shown: <TextField label="Address" value="x" onInput={setText} error="Begins with http" /> },
        { name: 'disabled', shown: <TextField label="Id" value="v1" onInput={setText} disabled /> },
        { name: 'secret', shown: <SecretField label="Key" value="sk-1" onInput={setText} /> },
        { name: 'time', shown: <DateTimeField label="From" value="2026-11-23T10:00" onInput={setText} /> },
        { name: 'long text', shown: <TextArea label="Question" value={text} onInput={setText} rows={2} /> },
        { name: 'choice', shown: <Select label="Vault" value={value} options={options} onChange={setValue} /> },
        { name: 'pick', shown: <Combobox label="Person" value={value} options={options} onChange={setValue} /> },
        {
          name: 'tick',
          shown: (
            <FieldGroup label="What is kept">
              <Checkbox label="Questions" hint="On this device" checked={isOn} onChange={setOn} />
              <Checkbox label="Answers" checked={false} disabled onChange={setOn} />
            </FieldGroup>
          ),
        },
      ]}
    />
  )
}

function Layers() {
  const [open, setOpen] = useState<'dialog' | 'confirm' | null>(null)
  const toast = useToast()
  const close = () => setOpen(null)
  return (
    <>
      <Frame
        title="Dialogs and messages"
        states={[
          { name: 'dialog', shown: <Button onClick={() => setOpen('dialog')}>Open a dialog</Button> },
          { name: 'question', shown: <Button onClick={() => setOpen('confirm')}>Ask first</Button> },
          { name: 'message', shown: <Button onClick={() => toast({ text: 'Saved' })}>Say so</Button> },
          {
            name: 'bad news',
            shown: <Button onClick={() => toast({ text: 'Not saved', tone: 'danger' })}>Say what failed</Button>,
          },
        ]}
      />
      {open === 'dialog' ? (
        <Dialog title="A dialog" onClose={close}>
          <p>What it is about.</p>
        </Dialog>
      ) : null}
      {open === 'confirm' ? (
        <ConfirmDialog title="Remove it?" action="Remove" onConfirm={close} onClose={close}>
          It cannot be brought back.
        </ConfirmDialog>
      ) : null}
    </>
  )
}
