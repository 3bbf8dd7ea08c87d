-- A recurring job's slot has come, and the child before may not have ended.

local discard = require("doors.discard")
local keys = require("store.keys")
local limits = require("rules.limits")
local queues = require("store.queues")
local records = require("store.records")
local states = require("rules.states")

local flags = states.flags
local number = states.number

local overlap = {}

local ENDED = { [number.complete] = true, [number.failed] = true, [number.cancelled] = true }

-- The job of this jid if it has not ended, or nil.
local function open(step, jid)
  local record = jid and records.live(step, jid)
  return record and not ENDED[record.state] and record or nil
end

-- Takes the place of a job that does not run; returns the jids of what it waited for, or nil when
-- it has to stay: it runs, or others wait for it.
local function replace(step, record)
  if record.state == number.running or records.has(record, flags.DEPENDENTS) then
    return nil
  end
  local parents = {}
  if records.has(record, flags.PARENTS) then
    local key = keys.parents(step, record.jid)
    if redis.call("SCARD", key) > limits.SHOWN then
      return nil
    end
    parents = redis.call("SMEMBERS", key)
  end
  discard.job(step, record, queues.numbered(step, record.queue), "replaced")
  return parents
end

-- Announces the records that `before` looks at.
function overlap.want(step, template)
  if template.last and template.options.overlap then
    records.want(step, template.last)
  end
end

-- What the next child has to wait for, a list of jids, or nil: its slot is not used.
function overlap.before(step, template)
  local policy = template.options.overlap or "allow"
  local earlier = policy ~= "allow" and open(step, template.last)
  if not earlier then
    return {}
  elseif policy == "skip" then
    return nil
  end
  local parents = policy == "replace" and replace(step, earlier)
  if not parents then
    return { earlier.jid }
  end
  local left = {}
  for position = 1, #parents do
    left[#left + 1] = open(step, parents[position]) and parents[position]
  end
  return left
end

return overlap
