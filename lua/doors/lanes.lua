-- Waiting jobs, tenant by tenant. A queue has one waiting set until a job with a tenant comes; then
-- it is fair: each tenant has a lane, jobs without a tenant are in the waiting set as ever, and the
-- lanes take turns, see doors/turns.lua. A lane that comes in begins where the others are, so that
-- nobody saves turns up. tenants:# has the lanes that hold jobs, by name.

local keys = require("store.keys")
local places = require("store.places")
local queues = require("store.queues")
local records = require("store.records")
local states = require("rules.states")
local turns = require("doors.turns")
local writes = require("store.writes")

local lanes = {}

-- The flags that say that a record has options or is counted are the highest ones.
local RULED = states.flags.RULED

function lanes.tenant(record)
  return records.has(record, RULED) and records.ruling(record).tenant or ""
end

-- A lane takes turns, and begins where the others are.
local function join(step, queue, tenant)
  local key = keys.turns(step, queue)
  redis.call("ZREM", key, tenant)
  local least = redis.call("ZRANGE", key, 0, 0, "WITHSCORES")[2] or 0
  redis.call("ZADD", key, least + 1 / turns.weights(step, { tenant })[1], tenant)
  redis.call("ZADD", keys.tenants(step, queue), 0, tenant)
end

-- A lane that is empty so far is going to hold jobs.
local function open(step, queue, tenant)
  queue.lanes = queue.lanes or {}
  if queue.lanes[tenant] then
    return
  end
  queue.lanes[tenant] = true
  if redis.call("EXISTS", keys.lane(step, queue, tenant)) == 1 then
    return
  end
  join(step, queue, tenant)
end

-- Jobs without a tenant may be waiting, or be about to: a lane that turns out empty is dropped by
-- the pop that meets it.
local function become_fair(step, queue)
  queue.fair = true
  queues.save(step, queue)
  redis.call("ZADD", keys.turns(step, queue), 1, "")
  redis.call("ZADD", keys.tenants(step, queue), 0, "")
end

-- A lane that holds jobs is to be among those that take turns, whatever was lost.
function lanes.list(step, queue, tenant)
  if not queue.fair then
    become_fair(step, queue)
  end
  join(step, queue, tenant)
end

local function note(step, queue, tenant, amount)
  if tenant ~= "" then
    writes.count(step, keys.laned(step), queue.number, amount)
  end
end

function lanes.add(step, record, queue)
  if not queue.fair and record.flags < RULED then
    local member = places.member(record)
    writes.pair(step, "ZADD", keys.waiting(step, queue), record.priority, member)
    return
  end
  local tenant = lanes.tenant(record)
  if tenant ~= "" and not queue.fair then
    become_fair(step, queue)
  end
  if queue.fair then
    open(step, queue, tenant)
    note(step, queue, tenant, 1)
  end
  local key = keys.lane(step, queue, tenant)
  writes.pair(step, "ZADD", key, record.priority, places.member(record))
end

function lanes.remove(step, record, queue)
  local tenant = lanes.tenant(record)
  note(step, queue, tenant, -1)
  writes.one(step, "ZREM", keys.lane(step, queue, tenant), places.member(record))
end

-- The same place under another priority.
function lanes.reorder(step, record, queue, priority)
  local key = keys.lane(step, queue, lanes.tenant(record))
  writes.pair(step, "ZADD", key, priority, places.member(record))
end

-- Takes the next jobs out: a list of member, score, member, ... and for a fair queue their lanes,
-- and how many lanes were met that are empty.
function lanes.take(step, queue, count)
  if not queue.fair then
    return redis.call("ZPOPMIN", keys.waiting(step, queue), count), nil, 0
  end
  local picks, looked = turns.plan(step, queue, count)
  local members, tenants, key = {}, {}, keys.turns(step, queue)
  for position = 1, #picks do
    local pick = picks[position]
    members[2 * position - 1], members[2 * position] = pick.member, pick.score
    tenants[position] = pick.lane.tenant
    redis.call("ZREM", pick.lane.key, pick.member)
    note(step, queue, pick.lane.tenant, -1)
  end
  local empty = 0
  for position = 1, #looked do
    local lane = looked[position]
    empty = empty + (lane.empty and lane.taken == 0 and 1 or 0)
    if lane.empty or (lane.taken > 0 and redis.call("EXISTS", lane.key) == 0) then
      redis.call("ZREM", key, lane.tenant)
      redis.call("ZREM", keys.tenants(step, queue), lane.tenant)
    elseif lane.taken > 0 then
      redis.call("ZADD", key, lane.turns, lane.tenant)
    end
  end
  queue.lanes = nil
  return members, tenants, empty
end

-- Puts members that were taken back, from a position on.
function lanes.put_back(step, queue, members, tenants, from)
  for position = from, #members, 2 do
    local tenant = tenants and tenants[(position + 1) / 2] or ""
    if queue.fair then
      open(step, queue, tenant)
      note(step, queue, tenant, 1)
    end
    redis.call("ZADD", keys.lane(step, queue, tenant), members[position + 1], members[position])
    if queue.fair then
      queue.lanes = nil
    end
  end
end

return lanes
