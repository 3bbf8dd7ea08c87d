-- What a flow is, by how many of its members are in which class.

local limits = require("rules.limits")
local states = require("rules.states")

local flow = {}

local number = states.number

-- A member's class, by its place in this list: held until the flow is sealed; waits for other jobs;
-- may run, or does; has ended.
flow.CLASSES = { "held", "depends", "open", "failed", "complete" }

local CLASS = {
  [number.depends] = 1,
  [number.waiting] = 2,
  [number.scheduled] = 2,
  [number.running] = 2,
  [number.throttled] = 2,
  [number.failed] = 3,
  [number.complete] = 4,
}

-- The lowest score of the members of a class (a word, or the number before its place in the list).
local RANK = { held = 0, depends = 1, open = 2, failed = 3, complete = 4 }

function flow.low(class)
  return (RANK[class] or class) * limits.SPAN
end

-- Where the next class begins.
function flow.above(class)
  return flow.low(class) + limits.SPAN
end

-- A member's score: its class, then since when it is in it; those that are held by their put.
function flow.score(record, unsealed)
  if unsealed and record.state == number.depends then
    return record.epoch
  end
  return CLASS[record.state] * limits.SPAN + math.min(record.since, limits.SPAN - 1)
end

-- The word for a flow. counts: members by class, with those that have gone; cancelled counts those
-- that were. telling: whether dependents of ended jobs are still to be told.
function flow.state(counts, sealed, stopped, telling)
  local waits = counts.held + counts.depends
  if stopped and counts.open + waits + counts.failed == 0 then
    return "cancelled"
  elseif not sealed then
    return "unsealed"
  elseif counts.open > 0 or counts.held > 0 then
    return "running"
  elseif waits > 0 and (counts.failed == 0 or telling) then
    return "running"
  elseif counts.failed > 0 then
    return "failed"
  end
  return counts.complete == 0 and counts.cancelled > 0 and "cancelled" or "complete"
end

return flow
