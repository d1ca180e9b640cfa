/** The component set of console and plugin. Styles: `@cairn/ui/tokens.css` (console only) and `@cairn/ui/components.css`. */
export { Badge, type BadgeProps } from './badge.tsx'
export { BarList, type BarListProps, type BarPart, type BarRow } from './bar-list.tsx'
export { Button, type ButtonProps } from './button.tsx'
export { Combobox, findOptions, type ComboboxOption, type ComboboxProps } from './combobox.tsx'
export { ConfirmDialog, Dialog, type ConfirmDialogProps, type DialogProps } from './dialog.tsx'
export { EmptyState, type EmptyStateProps } from './empty-state.tsx'
export { ErrorState, type ErrorStateProps } from './error-state.tsx'
export {
  Checkbox,
  FieldGroup,
  DateTimeField,
  SecretField,
  Select,
  TextArea,
  TextField,
  type CheckboxProps,
  type DateTimeFieldProps,
  type SecretFieldProps,
  type SelectOption,
  type SelectProps,
  type TextAreaProps,
  type TextFieldProps,
} from './field.tsx'
export { Graph, type GraphNode, type GraphProps } from './graph/graph.tsx'
export { Icon, Logo, type IconName, type IconProps } from './icon.tsx'
export { Markdown, renderMarkdown, type MarkdownOptions, type MarkdownProps } from './markdown/markdown.tsx'
export { parseMarkdown, type MarkdownTree } from './markdown/parse-blocks.ts'
export { markdownLimits, type Block, type Inline } from './markdown/tree.ts'
export { Meter, type MeterProps } from './meter.tsx'
export { Progress, Spinner, type ProgressProps } from './progress.tsx'
export { Sparkline, type SparklineProps } from './sparkline.tsx'
export { Table, sortRows, type Column, type SortOrder, type TableProps } from './table.tsx'
export { findLastKnown, stackValues, type SeriesValues } from './time-series/stack.ts'
export { TimeSeries, type SeriesPart, type TimeSeriesProps } from './time-series/time-series.tsx'
export { ToastProvider, useToast, type ToastMessage } from './toast.tsx'
