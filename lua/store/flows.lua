-- Flows: jobs that are sealed, counted, cancelled and retried as a whole. The hash `flow:<id>` has
-- created, sealed, stopped (when it was cancelled; milliseconds), awaited (see store/rests.lua),
-- and how many members have left the system: gone-complete, gone-failed, gone-cancelled. The sorted
-- set `members:<id>` has the others, by class: it follows from their records, and is written where
-- those are.

local clock = require("store.clock")
local keys = require("store.keys")
local limits = require("rules.limits")
local rule = require("rules.flow")
local settings = require("store.settings")
local states = require("rules.states")
local writes = require("store.writes")

local flows = {}

local FLOW = states.flags.FLOW

-- The job's flow, or nil, and whether that is not sealed as far as the job knows.
function flows.of(record)
  if bit.band(record.flags, FLOW) == 0 then
    return nil
  end
  if record.flow_from ~= record.options then
    local options = cmsgpack.unpack(record.options)
    flows.tell(record, options.flow, options.unsealed)
  end
  return record.flow, record.unsealed
end

-- What a record's packed options say, so that they need not be looked into again.
function flows.tell(record, id, unsealed)
  record.flow, record.unsealed, record.flow_from = id, unsealed, record.options
end

function flows.unsealed(record)
  local _, unsealed = flows.of(record)
  return unsealed
end

-- What is known of a flow: created, sealed and stopped, nil when it is not.
function flows.read(step, id)
  step.flows = step.flows or {}
  local flow = step.flows[id]
  if not flow then
    local found = redis.call("HMGET", keys.flow(step, id), "created", "sealed", "stopped")
    flow = {
      created = tonumber(found[1] or nil),
      sealed = tonumber(found[2] or nil),
      stopped = tonumber(found[3] or nil),
      coming = nil, -- a member of the step puts a job into it
      joined = nil, -- and has
    }
    step.flows[id] = flow
  end
  return flow
end

-- A member of the step is going to seal this flow: what the others put into it is not held.
function flows.seal_soon(step, id)
  step.sealing = step.sealing or {}
  step.sealing[id] = true
end

function flows.sealed(step, id)
  return flows.read(step, id).sealed ~= nil or (step.sealing ~= nil and step.sealing[id] == true)
end

-- How many members are in the classes from `low` on and below `high`.
function flows.count(step, id, low, high)
  local upper = string.format("(%.0f", rule.low(high))
  return redis.call("ZCOUNT", keys.members(step, id), rule.low(low), upper)
end

-- Up to `limit` members of these classes, in the order in which they came there; `before`: only
-- those that were there by then (milliseconds).
function flows.members(step, id, low, high, limit, before)
  local upper = before and rule.low(low) + math.min(before, limits.SPAN - 1)
    or string.format("(%.0f", rule.low(high))
  local key = keys.members(step, id)
  return redis.call("ZRANGE", key, rule.low(low), upper, "BYSCORE", "LIMIT", 0, limit)
end

-- The tick has something to do for this flow at that moment.
function flows.later(step, id, moment)
  redis.call("ZADD", keys.pending(step), moment, id)
  clock.at(step, clock.FLOWS, 0, moment)
end

-- A job comes into the flow, which begins with its first.
function flows.join(step, id)
  local flow = flows.read(step, id)
  if flow.joined then
    return
  end
  flow.joined = true
  if flow.created then
    redis.call("PERSIST", keys.flow(step, id)) -- its last member may have gone
  else
    flow.created = step.now
    redis.call("HSET", keys.flow(step, id), "created", step.now)
  end
  redis.call("ZADD", keys.flows(step), "NX", flow.created, id)
  if not flows.sealed(step, id) then
    flows.later(step, id, step.now + settings.milliseconds(step, "flow-grace"))
  end
end

-- Marks the flow: `sealed` or `stopped`.
function flows.mark(step, id, word)
  flows.read(step, id)[word] = step.now
  redis.call("HSET", keys.flow(step, id), word, step.now)
end

-- Something has become of a member, see store/rests.lua. left: it is none any more.
local function stir(step, id, left)
  step.stirred = step.stirred or {}
  step.stirred[id] = step.stirred[id] or left or false
end

-- A member's record is stored.
function flows.note(step, record)
  local id, unsealed = flows.of(record)
  local score = rule.score(record, unsealed)
  writes.pair(step, "ZADD", keys.members(step, id), score, record.jid)
  stir(step, id)
end

-- A member leaves its flow; `ended`: it leaves the system, and is counted on.
function flows.leave(step, record, ended)
  local id = flows.of(record)
  if not id then
    return
  end
  record.flags = record.flags - FLOW
  writes.one(step, "ZREM", keys.members(step, id), record.jid)
  redis.call("UNLINK", keys.lineage(step, record.jid))
  if ended then
    writes.count(step, keys.flow(step, id), "gone-" .. states.name[record.state], 1)
  end
  stir(step, id, true)
end

-- A member's parents, whose results it sees; they are known for as long as it is. first: it has
-- none yet.
function flows.descend(step, record, parents, first)
  if bit.band(record.flags, FLOW) == 0 or not parents or #parents == 0 then
    return
  end
  local key = keys.lineage(step, record.jid)
  local before, list = first and 0 or redis.call("ZCARD", key), { "ZADD", key, "NX" }
  for position = 1, #parents do
    list[2 * position + 2] = before + position
    list[2 * position + 3] = parents[position]
  end
  redis.call(unpack(list))
end

-- A member that does not run yet is not to see these parents any more; none: no parents at all.
function flows.disown(step, record, parents)
  if bit.band(record.flags, FLOW) == 0 then
    return
  end
  local key = keys.lineage(step, record.jid)
  if #parents == 0 then
    redis.call("UNLINK", key)
  else
    redis.call("ZREM", key, unpack(parents))
  end
end

-- How many members are in each class, those that have gone included, and how many were cancelled.
function flows.counts(step, id)
  local counts = { cancelled = 0 }
  for rank = 1, #rule.CLASSES do
    counts[rule.CLASSES[rank]] = flows.count(step, id, rank - 1, rank)
  end
  local key = keys.flow(step, id)
  local gone = redis.call("HMGET", key, "gone-complete", "gone-failed", "gone-cancelled")
  counts.complete = counts.complete + (tonumber(gone[1] or nil) or 0)
  counts.failed = counts.failed + (tonumber(gone[2] or nil) or 0)
  counts.cancelled = tonumber(gone[3] or nil) or 0
  return counts
end

return flows
