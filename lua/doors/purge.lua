-- Retention: takes the oldest ended jobs of a queue off, in slices.

local clock = require("store.clock")
local erase = require("doors.erase")
local failures = require("store.failures")
local keys = require("store.keys")
local limits = require("rules.limits")
local own = require("store.own")
local pages = require("store.pages")
local queues = require("store.queues")
local records = require("store.records")
local retention = require("store.retention")
local root = require("store.root")
local states = require("rules.states")
local writes = require("store.writes")

local purge = {}

-- A job that has only just ended leaves a trace, for repeats of the call that ended it.
local function trace_of(step, record)
  local rest = record.since + limits.TRACE - step.now
  return rest > 0 and rest or nil
end

-- Erases these jobs of the set `key`; returns how many. One that others still wait for is pinned:
-- it counts as new.
local function drop(step, key, jids)
  local dropped = { "ZREM", key }
  for position = 1, #jids do
    records.want(step, jids[position])
  end
  records.read(step)
  for position = 1, #jids do
    local jid = jids[position]
    local record = records.live(step, jid)
    if record and records.has(record, states.flags.DEPENDENTS) then
      redis.call("ZADD", key, step.now, jid)
    else
      dropped[#dropped + 1] = jid
      if record then
        if record.state == states.number.failed then
          failures.ungroup(step, record)
        end
        erase(step, record, trace_of(step, record))
      end
    end
  end
  if #dropped > 2 then
    redis.call(unpack(dropped))
  end
  return #dropped - 2
end

-- What this step's own ended jobs pushed over the limit.
function purge.surplus(step)
  local kept = step.kept
  step.kept = nil
  for key, found in pairs(kept) do
    local excess = retention.excess(step, found)
    if excess > 0 then
      writes.flush(step) -- what has ended is to be seen
      drop(step, key, redis.call("ZRANGE", key, 0, excess - 1))
    end
  end
end

-- Up to `budget` jobs of the set that are too old or too many. Returns how many were looked at and
-- the moment of the next look, or nil.
local function slice(step, queue, key, prefix, budget)
  local age = own.milliseconds(step, queue, prefix)
  local jids = redis.call("ZRANGE", key, "-inf", step.now - age, "BYSCORE", "LIMIT", 0, budget)
  drop(step, key, jids)
  local surplus = retention.surplus(step, queue, prefix, redis.call("ZCARD", key))
  local excess = math.min(surplus, budget - #jids)
  local dropped = 0
  if excess > 0 then
    dropped = drop(step, key, redis.call("ZRANGE", key, 0, excess - 1))
  end
  local oldest = redis.call("ZRANGE", key, 0, 0, "WITHSCORES")[2]
  local moment = oldest and tonumber(oldest) + age
  -- Pinned jobs alone are no reason to look again at once.
  if surplus > excess and (dropped > 0 or excess <= 0) then
    moment = step.now
  end
  return #jids + math.max(excess, 0), moment
end

-- What a queue keeps beyond what the settings allow.
local function trim(step, queue, budget)
  local done, moment = slice(step, queue, keys.complete(step, queue), "jobs-history", budget)
  local more, other = slice(step, queue, keys.failed(step, queue), "failed-history", budget)
  return done + more, moment and other and math.min(moment, other) or moment or other
end

-- Sends the duty round all queues, some at a time, after a change of the settings.
local function spread(step, budget)
  local request = { cursor = root.get(step, "sweep") or "", count = budget }
  local names = pages.ranked(keys.queues(step), request)
  local cursor = table.remove(names, 1)
  for position = 1, #names do
    local queue = queues.named(step, names[position])
    clock.at(step, clock.RETENTION, queue.number, step.now)
  end
  if cursor == "" then
    root.drop(step, "sweep")
    return #names, nil
  end
  root.set(step, "sweep", cursor)
  return #names, step.now
end

-- A duty of the tick; without a queue it concerns all of them.
function purge.due(step, queue, budget)
  if queue then
    return trim(step, queue, budget)
  end
  return spread(step, budget)
end

-- The settings of retention have changed.
function purge.everywhere(step)
  root.drop(step, "sweep")
  clock.at(step, clock.RETENTION, 0, step.now)
end

return purge
