/** Recovery codes, shown this once. */
import { Button } from '@cairn/ui'
import { CopyButton } from '../shell/copy-button.tsx'

export interface RecoveryCodesProps {
  readonly codes: readonly string[]
  readonly onDone: () => void
}

export function RecoveryCodes({ codes, onDone }: RecoveryCodesProps) {
  return (
    <div class="form">
      <p>Keep these codes where you find them without your phone. Each works once in place of a code of the app.</p>
      <ul class="recovery-codes" aria-label="Recovery codes">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <div class="form-actions">
        <CopyButton text={codes.join('\n')} what="Codes" />
        <Button kind="primary" onClick={onDone}>
          I have kept them
        </Button>
      </div>
    </div>
  )
}
