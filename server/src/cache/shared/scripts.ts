/**
 * The Lua that runs inside Redis or Valkey (from Redis 6 on). One script is one atomic step.
 *
 * The state of a log is ONE hash, so that an eviction takes all of it or nothing; what is derived from it, the stream
 * of its last lines, may be lost at any time and is checked whenever it is read. Fields of the hash:
 *
 *     head    "<seq> <floor> <drops> <epoch> <run> <names>", see below
 *     since   server time in ms at which this life began
 *     members the registered nodes, each followed by a space
 *     n:NODE  "<seq> <maxStaleMs> <beat> <epoch>": what the node has applied
 *     SCOPE   (16 characters) "<hard>" or "<hard> <soft>": newest marks, the soft one only where it is the newer
 *
 * The head: `seq` is the newest position; entries stamped before `floor` are invalid, and the stream holds exactly the
 * lines after it; `drops` counts how often nodes were taken off the list; `epoch` is r<life>-<random>, where the number
 * grows with each life, so that a log put back from a copy is recognised; `run` is the server process in which this
 * life began; `names` the fingerprint of the key that scopes are named with. It is one text: whoever knows the head of a
 * moment ago sees by one comparison that nothing at all has changed since, neither the log nor the server nor whether
 * the node is registered.
 *
 * A life ends, and with it the validity of every entry made in it, when the hash is gone or damaged, when the server
 * process is another one (it may have lost its last writes), or when a caller has seen more than is there.
 */
import { defineScript } from '../../platform/index.ts'

/** Fields that are neither marks nor nodes. */
const metaFields = 3
/** Captures seq, floor, drops, epoch, run, names. */
const headPattern = String.raw`'^(%d+) (%d+) (%d+) (%S+) (%S+) (%S+)$'`

const readHead = `
local function text(n) return string.format('%.0f', n) end
local function lifeOf(e) return e and tonumber(string.match(e, '^r(%d+)%-')) or 0 end
local function readHead(head)
  local seq, floor, drops, epoch, run, names = string.match(head or '', ${headPattern})
  return tonumber(seq), tonumber(floor), tonumber(drops), epoch, run, names
end
`

/** ARGV 1 to 5 of each script that can begin a life: run, names, seen epoch, seen seq, random. */
const life = `${readHead}
local log, tail = KEYS[1], KEYS[2]
local run, names, seenEpoch, seenSeq = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local seq, floor, drops, epoch, ran, named = readHead(redis.call('HGET', log, 'head'))
if named and named ~= names then return {'names'} end
local function headNow()
  return text(seq) .. ' ' .. text(floor) .. ' ' .. text(drops) .. ' ' .. epoch .. ' ' .. run .. ' ' .. names
end
local function begin()
  epoch = 'r' .. text(math.max(lifeOf(epoch), lifeOf(seenEpoch)) + 1) .. '-' .. ARGV[5]
  seq = math.max(seq or 0, seenSeq) + 1
  floor, drops = seq, 0
  local time = redis.call('TIME')
  local since = text(time[1] * 1000 + math.floor(time[2] / 1000))
  redis.call('UNLINK', log, tail)
  redis.call('HSET', log, 'head', headNow(), 'since', since, 'members', '')
end
local function isLost()
  if not seq or ran ~= run then return true end
  if seenEpoch == epoch then return seenSeq > seq end
  return lifeOf(seenEpoch) >= lifeOf(epoch)
end
`

/** The lines after a position as "h…" or "s…" with the scopes, or nil when the stream has not got them. */
const lines = `
local function linesAfter(after, most)
  local found = redis.call('XRANGE', tail, string.format('%.0f-0', after + 1), '+', 'COUNT', most)
  if #found == 0 then return nil end
  local list = {}
  for i = 1, #found do
    if found[i][1] ~= string.format('%.0f-0', after + i) then return nil end
    list[i] = found[i][2][2]
  end
  return list
end
`

/**
 * ARGV 6 to 9: node, maxStaleMs, beat, most lines. Registers the node and notes what it has applied. Replies
 * `{'tail', head, whole, lines}`; `whole` is 1 when the lines after the asked position are not to be had, and more may
 * follow when the lines do not reach the newest position.
 */
export const tailScript = defineScript(`${life}${lines}
if isLost() then begin() end
local said = text(seenSeq) .. ' ' .. ARGV[7] .. ' ' .. ARGV[8] .. ' ' .. seenEpoch
if redis.call('HSET', log, 'n:' .. ARGV[6], said) == 1 then
  redis.call('HSET', log, 'members', (redis.call('HGET', log, 'members') or '') .. ARGV[6] .. ' ')
end
if seenEpoch ~= epoch or seenSeq < floor then return {'tail', headNow(), 1, {}} end
if seenSeq == seq then return {'tail', headNow(), 0, {}} end
local list = linesAfter(seenSeq, ARGV[9])
return {'tail', headNow(), list and 0 or 1, list or {}}
`)

/** Further lines for who has begun with `tailScript`. ARGV: epoch, after, most. Replies the lines, or nil. */
export const linesScript = defineScript(`local log, tail = KEYS[1], KEYS[2]${readHead}${lines}
local _, _, _, epoch = readHead(redis.call('HGET', log, 'head'))
if epoch ~= ARGV[1] then return nil end
return linesAfter(tonumber(ARGV[2]), ARGV[3])
`)

/** A part of all marks. ARGV: epoch, cursor, count. Replies `{floor, cursor, fields}` or nil when the life is over. */
export const marksScript = defineScript(`${readHead}
local _, floor, _, epoch = readHead(redis.call('HGET', KEYS[1], 'head'))
if epoch ~= ARGV[1] then return nil end
local part = redis.call('HSCAN', KEYS[1], ARGV[2], 'COUNT', ARGV[3])
return {floor, part[1], part[2]}
`)

/**
 * ARGV 6: h or s; 7: the scopes, 16 characters each; 8: the most marks and lines that are kept; 9: channel that wakes.
 * Replies `{'commit', epoch, seq}`.
 *
 * Folding takes the oldest lines, and their marks where none is newer, as many as this call has added and a few more:
 * so its work is bounded by what callers have added.
 */
export const commitScript = defineScript(`${life}
local kind, scopes, most = ARGV[6], ARGV[7], tonumber(ARGV[8])
local count = #scopes / 16
if isLost() then begin() end
local function append() return redis.pcall('XADD', tail, text(seq + 1) .. '-0', 'm', kind .. scopes) end
local added = append()
if type(added) == 'table' and added.err and string.find(added.err, 'equal or smaller', 1, true) then
  begin()
  added = append()
end
if type(added) == 'table' and added.err then return redis.error_reply(added.err) end
seq = seq + 1

local function eachPart(joined, work)
  local all = #joined / 16
  for from = 1, all, 500 do
    local ids = {}
    for i = from, math.min(all, from + 499) do ids[#ids + 1] = string.sub(joined, i * 16 - 15, i * 16) end
    work(ids)
  end
end
eachPart(scopes, function(ids)
  local old = kind == 's' and redis.call('HMGET', log, unpack(ids))
  local set = {}
  for i = 1, #ids do
    set[2 * i - 1] = ids[i]
    set[2 * i] = old and (string.match(old[i] or '', '^%d+') or '0') .. ' ' .. text(seq) or text(seq)
  end
  redis.call('HSET', log, unpack(set))
end)

local function isFull() return redis.call('HLEN', log) - ${metaFields} > most or redis.call('XLEN', tail) > most end
local function forget(joined, upTo)
  eachPart(joined, function(ids)
    local marks, gone = redis.call('HMGET', log, unpack(ids)), {}
    for i = 1, #ids do
      local hard, soft = string.match(marks[i] or '', '^(%d+) ?(%d*)$')
      if hard and math.max(tonumber(hard), tonumber(soft) or 0) <= upTo then gone[#gone + 1] = ids[i] end
    end
    if #gone > 0 then redis.call('HDEL', log, unpack(gone)) end
  end)
end
-- The lines that told which marks are old are lost: all marks are forgotten at once.
local function forgetAll()
  local kept = redis.call('HMGET', log, 'since', 'members')
  local nodes = {}
  for node in string.gmatch(kept[2] or '', '%S+') do
    local said = redis.call('HGET', log, 'n:' .. node)
    if said then nodes[#nodes + 1] = {'n:' .. node, said} end
  end
  floor = seq
  redis.call('UNLINK', log, tail)
  redis.call('HSET', log, 'since', kept[1] or '0', 'members', kept[2] or '')
  for i = 1, #nodes do redis.call('HSET', log, nodes[i][1], nodes[i][2]) end
end
local budget = 2 * count + 64
while budget > 0 and floor < seq and isFull() do
  local oldest = redis.call('XRANGE', tail, '-', '+', 'COUNT', 1)[1]
  if oldest and oldest[1] == text(floor + 1) .. '-0' then
    local gone = string.sub(oldest[2][2], 2)
    floor = floor + 1
    forget(gone, floor)
    redis.call('XDEL', tail, oldest[1])
    budget = budget - 1 - #gone / 16
  else
    forgetAll()
  end
end
redis.call('HSET', log, 'head', headNow())
redis.pcall('PUBLISH', ARGV[9], text(seq))
return {'commit', epoch, seq}
`)

/** Replies `{'nodes', ms since the life began, node, said, node, said, …}`, or `{'nodes', 0}` when there is no log. */
export const nodesScript = defineScript(`
local meta = redis.call('HMGET', KEYS[1], 'since', 'members')
if not meta[1] then return {'nodes', 0} end
local time = redis.call('TIME')
local reply = {'nodes', time[1] * 1000 + math.floor(time[2] / 1000) - tonumber(meta[1])}
for node in string.gmatch(meta[2] or '', '%S+') do
  reply[#reply + 1] = node
  reply[#reply + 1] = redis.call('HGET', KEYS[1], 'n:' .. node) or ''
end
return reply
`)

/**
 * Takes nodes off the list. ARGV: node, and what it must have said last ('' for anything), in pairs. Changes the head,
 * so that a node which was dropped while it lives is told to register again.
 */
export const dropScript = defineScript(`${readHead}
local log = KEYS[1]
local seq, floor, drops, epoch, run, names = readHead(redis.call('HGET', log, 'head'))
if not seq then return 0 end
local dropped = {}
for i = 1, #ARGV, 2 do
  local field = 'n:' .. ARGV[i]
  if ARGV[i + 1] == '' or redis.call('HGET', log, field) == ARGV[i + 1] then
    redis.call('HDEL', log, field)
    dropped[ARGV[i]] = true
  end
end
local kept = {}
for node in string.gmatch(redis.call('HGET', log, 'members') or '', '%S+') do
  if not dropped[node] then kept[#kept + 1] = node .. ' ' end
end
local head = text(seq) .. ' ' .. text(floor) .. ' ' .. text(drops + 1) .. ' ' .. epoch .. ' ' .. run .. ' ' .. names
redis.call('HSET', log, 'members', table.concat(kept), 'head', head)
return 1
`)

/** Where the epoch begins in a sealed entry (`sealing.ts`), counted from 1 as Lua does. */
const epochAt = 74

/** Reads the clear header of a sealed entry: count of scopes, asOf, epochLength. `data` is nil for what is none. */
const parseEntry = `
local format, count, asOf, epochLength
if data and #data >= ${epochAt} then
  format, count, asOf = struct.unpack('<BxHxxxxxxxxxxxxxxxxxxxxd', data)
  epochLength = string.byte(data, ${epochAt - 1})
end
if format ~= 1 or #data < ${epochAt - 1} + epochLength + 16 * count then data = nil end
`

/**
 * KEYS: log, entry, tail. ARGV: 1 run, 2 names, 3 seen epoch, 4 seen seq, 5 node, 6 '1' when what it has applied is to
 * be noted, 7 maxStaleMs, 8 beat, 9 most lines.
 *
 * Replies `{'read', head, lines, ms left, data, soft}`; `{'tail'}` when the log's tail must be asked with `tailScript`;
 * `{'names'}` when the names are another key's. An entry that the log has overtaken is deleted.
 */
export const getScript = defineScript(`
local call, log, tail = redis.call, KEYS[1], KEYS[3]${readHead}${lines}
local data = call('GET', KEYS[2])
${parseEntry}
local f
if data then
  f = call('HMGET', log, 'head', struct.unpack(string.rep('c16', count), data, ${epochAt} + epochLength))
else
  f = call('HMGET', log, 'head')
end
local seq, floor, _, epoch, ran, named = readHead(f[1])
local seen, field = tonumber(ARGV[4]), 'n:' .. ARGV[5]
if named and named ~= ARGV[2] then return {'names'} end
if epoch ~= ARGV[3] or ran ~= ARGV[1] or seen > seq or seen < floor then return {'tail'} end
if call('HEXISTS', log, field) == 0 then return {'tail'} end
local list = seen < seq and linesAfter(seen, ARGV[9]) or {}
if seen < seq and #list == 0 then return {'tail'} end
if ARGV[6] == '1' then
  call('HSET', log, field, text(seen) .. ' ' .. ARGV[7] .. ' ' .. ARGV[8] .. ' ' .. epoch)
end
local left, soft = 0, 0
if data then
  local isValid = asOf >= floor and asOf <= seq
    and string.sub(data, ${epochAt}, ${epochAt - 1} + epochLength) == epoch
  for i = 2, 1 + count do
    local hard, newer = string.match(f[i] or '0', '^(%d+) ?(%d*)$')
    if not hard or tonumber(hard) > asOf then isValid = false
    elseif newer ~= '' and tonumber(newer) > asOf then soft = 1 end
  end
  if isValid then left = call('PTTL', KEYS[2]) end
  if left <= 0 then
    call('UNLINK', KEYS[2])
    data, left, soft = false, 0, 0
  end
end
return {'read', f[1], list, left, data or false, soft}
`)

/**
 * KEYS: log, entry. ARGV: run, names, data, ms to keep it. Replies 1 when stored, 0 when the log has overtaken it or
 * something newer is stored, 3 when the names are another key's.
 */
export const setScript = defineScript(`${readHead}
local log, data = KEYS[1], ARGV[3]
${parseEntry}
if not data then return 0 end
local marks = redis.call('HMGET', log, 'head',
  struct.unpack(string.rep('c16', count), data, ${epochAt} + epochLength))
local seq, floor, _, epoch, ran, named = readHead(marks[1])
if named and named ~= ARGV[2] then return 3 end
if not seq or ran ~= ARGV[1] or asOf < floor or asOf > seq then return 0 end
if string.sub(data, ${epochAt}, ${epochAt - 1} + epochLength) ~= epoch then return 0 end
for i = 2, 1 + count do
  local hard = marks[i] and tonumber(string.match(marks[i], '^%d+'))
  if marks[i] and (not hard or hard > asOf) then return 0 end
end
local old = redis.call('GETRANGE', KEYS[2], 0, ${epochAt - 2} + epochLength)
if #old == ${epochAt - 1} + epochLength and string.sub(old, ${epochAt}) == epoch
  and struct.unpack('<d', old, 25) > asOf then return 0 end
redis.call('SET', KEYS[2], data, 'PX', ARGV[4])
return 1
`)

/** Deletes a value that is still the one that was read. ARGV: its first bytes, its nonce among them. */
export const deleteSameScript = defineScript(`
if redis.call('GETRANGE', KEYS[1], 0, #ARGV[1] - 1) == ARGV[1] then return redis.call('UNLINK', KEYS[1]) end
return 0
`)

export const renewScript = defineScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0
`)

/** ARGV: token, channel, what to tell. */
export const unlockScript = defineScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('UNLINK', KEYS[1])
redis.pcall('PUBLISH', ARGV[2], ARGV[3])
return 1
`)
