-- Dependencies, in two keys that exist only while they are open: the parents that a job waits for
-- (a set) and the jobs that wait for a parent (a sorted set, scored by what each does when the
-- parent fails).

local clock = require("store.clock")
local flows = require("store.flows")
local keys = require("store.keys")
local limits = require("rules.limits")
local records = require("store.records")
local states = require("rules.states")
local writes = require("store.writes")

local edges = {}

-- What a dependent does when a parent ends, see rules/branches.lua; the order of the scores
-- matters: above 0 it acts when a parent fails.
edges.POLICY = { wait = 0, run = 1, fail = 2, cancel = 3, failed = 4 }
edges.WORD = { [0] = "wait", "run", "fail", "cancel", "failed" }

-- The dependents of this ended job are still to be told, by the tick.
function edges.tell_later(step, jid)
  redis.call("ZADD", keys.ended(step), step.now, jid)
  clock.at(step, clock.ENDED, 0, step.now)
end

-- An earlier member of the step has ended this parent by what it did to another job: the parent
-- stays until its new dependent has been told.
local function told_too_late(step, parent, policy)
  if parent.state == states.number.cancelled then
    records.lower(parent, states.flags.TRACE)
    parent.lifetime = nil
    edges.tell_later(step, parent.jid)
  elseif parent.state == states.number.failed and policy ~= "wait" then
    edges.tell_later(step, parent.jid)
  end
end

function edges.open(step, record, parents, policy)
  local score = edges.POLICY[policy]
  for position = 1, #parents do
    local parent = records.get(step, parents[position])
    told_too_late(step, parent, policy)
    redis.call("ZADD", keys.dependents(step, parent.jid), score, record.jid)
    if not records.has(parent, states.flags.DEPENDENTS) then
      records.raise(parent, states.flags.DEPENDENTS)
      records.save(step, parent)
    end
  end
  if #parents > 0 then
    redis.call("SADD", keys.parents(step, record.jid), unpack(parents))
    records.raise(record, states.flags.PARENTS)
    records.save(step, record)
  end
end

-- Closes one edge from the dependent's side; true when it was the last one.
function edges.close(step, record, parent_jid)
  redis.call("SREM", keys.parents(step, record.jid), parent_jid)
  if redis.call("EXISTS", keys.parents(step, record.jid)) == 0 then
    records.lower(record, states.flags.PARENTS)
    records.save(step, record)
    return true
  end
  return false
end

-- Takes a dependent off its parent; a parent without dependents is unmarked.
function edges.detach(step, parent_jid, jid)
  local key = keys.dependents(step, parent_jid)
  if redis.call("ZREM", key, jid) == 1 and redis.call("EXISTS", key) == 0 then
    local parent = records.get(step, parent_jid)
    if parent and records.has(parent, states.flags.DEPENDENTS) then
      records.lower(parent, states.flags.DEPENDENTS)
      records.save(step, parent)
    end
  end
end

-- How many edges `clear` closes one by one.
function edges.count(step, record)
  if not records.has(record, states.flags.PARENTS) then
    return 0
  end
  local count = redis.call("SCARD", keys.parents(step, record.jid))
  return count <= limits.JOBS and count or 0
end

-- Closes all edges of a job towards its parents, and lifts a hold. Those of a job with very many
-- are dropped at once; what the parents then still know of it is ignored when they end.
function edges.clear(step, record)
  records.lower(record, states.flags.HELD)
  if not records.has(record, states.flags.PARENTS) then
    return
  end
  local key = keys.parents(step, record.jid)
  if redis.call("SCARD", key) <= limits.JOBS then
    local parents = redis.call("SMEMBERS", key)
    for position = 1, #parents do
      edges.detach(step, parents[position], record.jid)
    end
  end
  redis.call("UNLINK", key)
  records.lower(record, states.flags.PARENTS)
end

-- What a parked job does once it waits for nothing: run at a moment, or after a delay.
function edges.postpone(record, at, delay)
  local options = records.options(record)
  options.at, options.delay = at, delay
  records.set_options(record, options)
end

-- Into the depends state: not runnable before its edges are closed and its hold is lifted.
function edges.park(step, record, queue)
  record.state = states.number.depends
  record.queue = queue.number
  record.since = step.now
  records.save(step, record)
  writes.pair(step, "ZADD", keys.depends(step, queue), step.now, record.jid)
end

-- Whether a job in the depends state waits for nothing any more.
function edges.ready(record)
  local waits = bit.bor(states.flags.PARENTS, states.flags.HELD)
  return bit.band(record.flags, waits) == 0 and not flows.unsealed(record)
end

function edges.unpark(step, record, queue)
  writes.one(step, "ZREM", keys.depends(step, queue), record.jid)
end

-- Whether `jid` really waits for `parent_jid`.
function edges.stands(step, jid, parent_jid)
  return redis.call("SISMEMBER", keys.parents(step, jid), parent_jid) == 1
end

return edges
