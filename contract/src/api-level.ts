/**
 * Says which edition of the API a server speaks: replies under `/v1` and `/api` to pages of other origins, of which the
 * plugin is one, carry it as `x-cairn-api`. It is raised when a client of the edition before would misunderstand the
 * server; what is only added does not raise it.
 */
export const apiLevel = 1

export const apiLevelHeader = 'x-cairn-api'
