/** Taking entries out of the log: which, in what form, and how far it is; and receivers that are sent them as they come. */
import { ExportSection } from './export-section.tsx'
import { SinksSection } from './sinks-section.tsx'

export function ExportView() {
  return (
    <div class="audit-sections">
      <ExportSection />
      <SinksSection />
    </div>
  )
}
