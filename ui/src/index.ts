/** The component set of console and plugin. Styles: `@cairn/ui/tokens.css` (console only) and `@cairn/ui/components.css`. */
export { Badge, type BadgeProps } from './badge.tsx'
export { Button, type ButtonProps } from './button.tsx'
export { ConfirmDialog, Dialog, type ConfirmDialogProps, type DialogProps } from './dialog.tsx'
export { EmptyState, type EmptyStateProps } from './empty-state.tsx'
export { ErrorState, type ErrorStateProps } from './error-state.tsx'
export {
  Select,
  TextArea,
  TextField,
  type SelectOption,
  type SelectProps,
  type TextAreaProps,
  type TextFieldProps,
} from './field.tsx'
export { Icon, Logo, type IconName, type IconProps } from './icon.tsx'
export { Markdown, renderMarkdown, type MarkdownOptions, type MarkdownProps } from './markdown/markdown.tsx'
export { parseMarkdown, type MarkdownTree } from './markdown/parse-blocks.ts'
export { markdownLimits, type Block, type Inline } from './markdown/tree.ts'
export { Progress, Spinner, type ProgressProps } from './progress.tsx'
export { Table, sortRows, type Column, type SortOrder, type TableProps } from './table.tsx'
export { ToastProvider, useToast, type ToastMessage } from './toast.tsx'
