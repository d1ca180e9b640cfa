/** Rows of the route table: reports on the audit log. */
import { auditReportListSchema, auditReportQuerySchema, auditReportSchema } from '@cairn/contract'
import { giveReport, listReports } from './handlers/audit-reports.ts'
import { protectedRoute, type Route } from './route.ts'

export const auditReportRoutes: readonly Route[] = [
  protectedRoute({
    method: 'GET',
    path: '/api/audit/reports',
    audit: { exempt: 'What can be asked; nothing of the log is in it.' },
    permission: 'audit.read',
    audience: 'problem',
    summary: 'The reports on the audit log: what each answers, and what it can be asked with.',
    replies: [{ status: 200, description: 'The reports.', schema: auditReportListSchema }],
    handle: listReports,
  }),
  protectedRoute({
    method: 'GET',
    path: '/api/audit/reports/:id',
    audit: { tells: ['audit.reported'] },
    permission: 'audit.read',
    audience: 'problem',
    query: auditReportQuerySchema,
    summary:
      'A report on the audit log, pinned to a size of it. `access-review` and `permission-changes` need `policy.view` too, `usage` needs `usage.read`.',
    replies: [
      { status: 200, description: 'The report.', schema: auditReportSchema },
      { status: 200, description: 'With `format=csv`.', mediaType: 'text/csv' },
      { status: 200, description: 'With `format=pdf`.', mediaType: 'application/pdf' },
      { status: 404, description: 'There is no such report.' },
    ],
    handle: giveReport,
  }),
]
