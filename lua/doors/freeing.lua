-- What is done to a flow as a whole, a slice of its members at a time: they are freed when it has
-- been sealed, or cancelled. What is left is a duty of the tick.

local edges = require("store.edges")
local flows = require("store.flows")
local keys = require("store.keys")
local member = require("doors.member")
local abandon = require("doors.abandon")
local queues = require("store.queues")
local records = require("store.records")
local states = require("rules.states")
local unblock = require("doors.unblock")
local withdraw = require("doors.withdraw")

local freeing = {}

-- Edges that cost as much to close as another member.
local EDGES = 10

local function free(step, record)
  if flows.unsealed(record) and not member.held(step, record) and edges.ready(record) then
    unblock.free(step, record)
  end
  return 1
end

local function cancel(step, record)
  if record.state == states.number.complete then
    return 1
  end
  local units = 1 + math.floor(edges.count(step, record) / EDGES)
  local queue, worker = queues.numbered(step, record.queue), record.worker
  withdraw(step, record, queue, "cancelled")
  abandon.cancel(step, record, queue, worker, "flow")
  return units
end

-- Does this, in up to some `limit` units, to members of the classes below `high`; returns how many
-- are left, and the units.
local function each(step, id, high, limit, act)
  local left = flows.count(step, id, "held", high)
  local jids = flows.members(step, id, "held", high, limit)
  for position = 1, #jids do
    records.want(step, jids[position])
  end
  records.read(step)
  local units = 0
  for position = 1, #jids do
    if units >= limit then
      break
    end
    local record = records.live(step, jids[position])
    units = units + (record and flows.of(record) == id and act(step, record) or 1)
    left = left - 1
  end
  if left > 0 then
    flows.later(step, id, step.now)
  else
    redis.call("ZREM", keys.pending(step), id)
  end
  return left, units
end

-- The next slice of what the flow's mark says; returns how many members are left, and how many
-- units it took.
function freeing.slice(step, id, limit)
  if flows.read(step, id).stopped then
    return each(step, id, "complete", limit, cancel)
  end
  return each(step, id, "depends", limit, free)
end

-- A duty of the tick. A flow that nobody has sealed in time is cancelled.
function freeing.due(step, _, budget)
  local key, done = keys.pending(step), 0
  local ids = redis.call("ZRANGE", key, "-inf", step.now, "BYSCORE", "LIMIT", 0, budget)
  for position = 1, #ids do
    local id = ids[position]
    local flow = flows.read(step, id)
    if not flow.created then
      redis.call("ZREM", key, id)
    elseif done < budget then
      if not (flow.sealed or flow.stopped) then
        flows.mark(step, id, "stopped")
      end
      local _, units = freeing.slice(step, id, budget - done)
      done = done + units
    end
  end
  return done, tonumber(redis.call("ZRANGE", key, 0, 0, "WITHSCORES")[2])
end

return freeing
