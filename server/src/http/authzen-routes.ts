/** Rows of the route table for AuthZEN 1.0. */
import { z } from 'zod'
import {
  describeConfiguration,
  evaluate,
  evaluations,
  searchAction,
  searchResource,
  searchSubject,
} from './handlers/authzen.ts'
import { protectedRoute, publicRoute, type Route } from './route.ts'

export const authZenRoutes: readonly Route[] = [
  publicRoute({
    method: 'GET',
    path: '/.well-known/authzen-configuration',
    audit: { exempt: 'It says what there is, to everybody.' },
    permission: 'public',
    audience: 'problem',
    summary: 'Where the AuthZEN 1.0 endpoints are.',
    replies: [{ status: 200, description: 'The metadata document.' }],
    handle: describeConfiguration,
  }),
  ...(
    [
      ['evaluation', 'Decide one question.', evaluate],
      ['evaluations', 'Decide several questions.', evaluations],
      ['search/subject', 'Who may do something.', searchSubject],
      ['search/resource', 'What somebody may do something with.', searchResource],
      ['search/action', 'What somebody may do with something.', searchAction],
    ] as const
  ).map(([name, summary, handle]) =>
    protectedRoute({
      method: 'POST',
      path: `/access/v1/${name}`,
      audit: { reads: 'policy.read' },
      permission: 'signed-in',
      audience: 'problem',
      body: z.unknown(),
      summary: `${summary} AuthZEN 1.0; about others than oneself it needs \`access.evaluate\`.`,
      replies: [
        { status: 200, description: 'The decision or the list.' },
        { status: 400, description: 'No such question.' },
      ],
      handle,
    }),
  ),
]
