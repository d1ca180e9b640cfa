/**
 * Everyday words of work that mean nearly the same, so that “vacation” finds “annual leave”. A question's word brings
 * the others of its group along at a fraction of its weight. The groups were written by hand with the development
 * questions in view, never the judged ones; the bench `search` shows what they are worth.
 */
import { listTerms } from './tokenize.ts'

const groups = `
vacation holiday leave pto furlough
illness sick ill medical
salary pay wage compensation paycheck
manager supervisor boss lead
employee staff worker teammate colleague coworker personnel
newcomer newbie hire onboarding joiner newly
fire dismiss terminate layoff
quit resign depart departure offboarding exit
hire recruit recruiting recruitment
applicant candidate
interview screening
meeting call appointment session
gathering event offsite retreat conference
food meal lunch dinner breakfast
allowance stipend diem budget
reimburse reimbursement refund repay expense
price cost fee charge
buy purchase procure procurement acquire acquisition
vendor supplier contractor seller
customer client partner
agreement contract deal
sign signature approve approval authorise authorize consent permission clearance
deadline due cutoff
fly flight plane airline airfare
hotel lodging accommodation
trip travel journey
car vehicle rental
laptop computer device machine hardware equipment
phone mobile smartphone cell
password passphrase credential login
sign-in login authenticate authentication
lost stolen missing theft
broken bug defect failure fault malfunction
fix repair resolve mend
help support assistance aid
ask request inquire enquire
answer reply respond response
tell inform notify alert report
announce announcement publish
change edit modify alter update adjust
delete remove erase discard
create make build produce generate
start begin launch commence kickoff
stop end finish finalise finalize conclude
choose pick select
show display present
hide conceal
check verify validate inspect examine
test testing try trial
write compose draft author
read view
document doc article page guide manual handbook
picture image photo photograph screenshot
chart graph diagram plot
file attachment
folder directory
web website site online
chat message messaging slack
email mail
video recording webinar
teach train training course class lesson workshop
learn study education
mentor buddy coach
feedback review evaluation appraisal assessment
rating score grade
goal objective target aim
plan roadmap schedule
rule policy regulation guideline
law legal statute
secret confidential private sensitive
security safety secure safe
risk danger hazard threat
incident outage emergency breach
money fund funding finance financial
tax withholding
invoice bill billing
insurance benefit coverage
retirement pension
child kid baby parental
birth maternity paternity newborn
home remote telework wfh
office building workplace headquarter
boat vessel ship
weather storm
repo repository codebase
code source program software
release version deploy deployment rollout
server host machine
database db store storage
backup copy restore
error exception warning
setting option preference configuration config
feature capability function functionality
plugin extension addon add-on
shortcut hotkey keybinding
sort order arrange
filter narrow
search find query lookup
list enumerate
amount number quantity total
maximum limit cap upper
minimum least lower
percent percentage share proportion
yearly annual annually year
monthly month
weekly week
daily day
fast quick rapid speedy
slow sluggish
big large huge
small little tiny
old outdated obsolete stale deprecated
new fresh recent latest
important critical crucial essential
difficult hard tough
simple easy
attitude mindset value principle
responsibility duty role
own owner ownership responsible
team group squad crew
project engagement initiative
satisfied satisfaction happy happiness
worried concern worry
tie relationship relation
identifier id
character symbol glyph letter
checkbox status
mandatory required compulsory obligatory must
forbidden prohibited disallowed banned
allow permit allowed permitted
unused leftover remaining carryover
`

/** How much of a word's weight goes to each other word of its group. */
export const synonymWeight = 0.3

const groupsOf = buildGroups()

/** The terms that mean nearly the same as a term, itself left out. */
export function synonymsOf(term: string): readonly string[] {
  return groupsOf.get(term) ?? []
}

function buildGroups(): Map<string, string[]> {
  const map = new Map<string, Set<string>>()
  for (const line of groups.trim().split('\n')) {
    const terms = [...new Set(listTerms(line))]
    for (const term of terms) {
      const others = terms.filter((other) => other !== term)
      map.set(term, new Set([...(map.get(term) ?? []), ...others]))
    }
  }
  return new Map([...map].map(([term, set]) => [term, [...set]]))
}
