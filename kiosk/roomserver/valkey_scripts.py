"""
The five questions a room server asks of Valkey or Redis, each atomic, in Lua.

Keys, all with one hash tag so that they live on one node of a cluster:

``state``    which memory this is: ``format``, ``lineage``, ``version``
``facts``    what is kept: ``<shelf> <name>`` to ``<order> <JSON>``
``changes``  the last batches: entry ``<version>-0`` with ``by`` and ``batch``
``turn``     whose turn it is; ends by itself
``line``     who waits for the turn, by when he came
``claims``   who knows more than is here, and up to which version
``news``     the channel: ``<version> <who is next>``

A version is a whole state: it grows by one with every batch, and a batch is taken
only on top of the version its author knew.  So a process that overslept its turn
cannot spoil anything, and the turn only saves work.  A ``lineage`` is a line of
versions: when a memory was lost and made anew from a process, it is another one.
"""

from __future__ import annotations

from typing import Final


FORMAT: Final = 1
KEYS: Final = tuple(
    f"{{kiosk}}:{name}"
    for name in ("state", "facts", "changes", "turn", "line", "claims")
)
CHANNEL: Final = "{kiosk}:news"

_NAMES: Final = """
local state, facts, changes, turn, line, claims =
  KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local channel = '{kiosk}:news'
local function give_on(reserve_ms, version)
  local first = redis.call('ZPOPMIN', line)[1]
  if first then
    redis.call('SET', turn, first, 'PX', reserve_ms)
  else
    redis.call('DEL', turn)
  end
  if first or version then
    redis.call('PUBLISH', channel, (version or '0') .. ' ' .. (first or ''))
  end
end
local function finish(me, reserve_ms, lease_ms, keep, version)
  if keep == '1' and redis.call('ZCARD', line) == 0 then
    redis.call('SET', turn, me, 'PX', lease_ms)
    if version then redis.call('PUBLISH', channel, version .. ' ') end
    return 'kept'
  end
  give_on(reserve_ms, version)
  return 'done'
end
local function claim(me, version)
  redis.call('HSET', claims, me, version)
  redis.call('PEXPIRE', claims, 10000)
end
local function news(lineage, version, most, me)
  local known = redis.call('HMGET', state, 'lineage', 'version', 'format')
  if not known[1] then
    claim(me, version)
    return {'empty'}
  end
  local behind = tonumber(known[2]) - version
  if known[1] ~= lineage or behind > most then
    return {'other', known[3], known[1], known[2]}
  end
  if behind < 0 then
    claim(me, version)
    return {'lost'}
  end
  local answer = {'same'}
  if behind > 0 then
    local found = redis.call('XRANGE', changes, (version + 1) .. '-0', '+')
    if #found ~= behind then
      return {'other', known[3], known[1], known[2]}
    end
    for i, entry in ipairs(found) do answer[i + 1] = entry[2][4] end
  end
  return answer
end
"""

NEWS: Final = (
    _NAMES
    + """
-- lineage, version, most, me
return news(ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4])
"""
)

TAKE: Final = (
    _NAMES
    + """
-- lineage, version, most, me, lease_ms: the news, or for how long it is not my turn
local me = ARGV[4]
local told = news(ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), me)
local holder = redis.call('GET', turn)
if holder and holder ~= me then
  local now = redis.call('TIME')
  redis.call('ZADD', line, 'NX', now[1] * 1000000 + now[2], me)
  return {'wait', redis.call('PTTL', turn)}
end
redis.call('SET', turn, me, 'PX', ARGV[5])
redis.call('ZREM', line, me)
return told
"""
)

RELEASE: Final = (
    _NAMES
    + """
-- me, reserve_ms, lease_ms, keep
if redis.call('GET', turn) ~= ARGV[1] then return 'done' end
return finish(ARGV[1], ARGV[2], ARGV[3], ARGV[4])
"""
)

COMMIT: Final = (
    _NAMES
    + """
-- me, reserve_ms, lease_ms, keep, lineage, version, most, id, batch, struck, ...
local me, version = ARGV[1], tonumber(ARGV[6])
local after = version + 1
local known = redis.call('HMGET', state, 'lineage', 'version')
local holder = redis.call('GET', turn)
if known[1] ~= ARGV[5] or tonumber(known[2]) ~= version then
  local mine = redis.call('XRANGE', changes, after .. '-0', after .. '-0')[1]
  if known[1] == ARGV[5] and mine and mine[2][2] == ARGV[8] then
    return 'done'
  end
  return 'refused'
end
if holder and holder ~= me then return 'refused' end
local struck = tonumber(ARGV[10])
for i = 11, 10 + struck do redis.call('HDEL', facts, ARGV[i]) end
for i = 11 + struck, #ARGV, 2 do redis.call('HSET', facts, ARGV[i], ARGV[i + 1]) end
redis.call('XADD', changes, 'MAXLEN', '~', ARGV[7], after .. '-0',
  'by', ARGV[8], 'batch', ARGV[9])
redis.call('HSET', state, 'version', after)
return finish(me, ARGV[2], ARGV[3], ARGV[4], after)
"""
)

WHOLE: Final = (
    _NAMES
    + """
-- most: format, lineage, version, how many batches, the batches, then all facts
local known = redis.call('HMGET', state, 'format', 'lineage', 'version')
if not known[1] then return {} end
local found = redis.call('XREVRANGE', changes, '+', '-', 'COUNT', ARGV[1])
local answer = {known[1], known[2], known[3], #found}
for i = #found, 1, -1 do answer[#answer + 1] = found[i][2][4] end
for _, text in ipairs(redis.call('HGETALL', facts)) do
  answer[#answer + 1] = text
end
return answer
"""
)

RESTORE: Final = (
    _NAMES
    + """
-- me, lineage I know, version I know, format, new lineage, facts ...
local known = redis.call('HMGET', state, 'lineage', 'version')
if redis.call('GET', turn) ~= ARGV[1] then return 0 end
if known[1] and
  (known[1] ~= ARGV[2] or tonumber(known[2]) >= tonumber(ARGV[3])) then return 0 end
for _, version in ipairs(redis.call('HVALS', claims)) do
  if tonumber(version) > tonumber(ARGV[3]) then return 0 end
end
redis.call('DEL', facts, changes, claims)
for i = 6, #ARGV, 2 do redis.call('HSET', facts, ARGV[i], ARGV[i + 1]) end
redis.call('HSET', state, 'format', ARGV[4], 'lineage', ARGV[5], 'version', ARGV[3])
redis.call('PUBLISH', channel, ARGV[3] .. ' ')
return 1
"""
)
