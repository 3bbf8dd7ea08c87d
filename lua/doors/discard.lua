-- An operator, or a full queue, takes a job out of the system; a trace stays for a minute.

local conclude = require("doors.conclude")
local edges = require("store.edges")
local erase = require("doors.erase")
local events = require("store.events")
local history = require("store.history")
local keys = require("store.keys")
local limits = require("rules.limits")
local records = require("store.records")
local states = require("rules.states")
local withdraw = require("doors.withdraw")

local discard = {}

local flags = states.flags

-- Whether a member of the step has seen to it that this dependent will not wait any more.
local function will_not_wait(step, dependent, jid)
  local freed = step.freed[dependent]
  return step.touched[dependent] == "cancelled" or freed == true or (freed and freed[jid])
end

-- A job that really waits for this one, or is going to by this step, and is none of `included` (a
-- set of jids); or nil. Where there are too many to be looked at, some do.
function discard.needed(step, record, included)
  for _, dependent in ipairs(step.awaited[record.jid] or {}) do
    if not included[dependent] then
      return dependent
    end
  end
  if not records.has(record, flags.DEPENDENTS) then
    return nil
  end
  local dependents = redis.call("ZRANGE", keys.dependents(step, record.jid), 0, limits.WALK)
  if #dependents > limits.WALK then
    return dependents[1]
  end
  for position = 1, #dependents do
    local dependent = dependents[position]
    local goes = included[dependent] or will_not_wait(step, dependent, record.jid)
    if not goes and edges.stands(step, dependent, record.jid) then
      return dependent
    end
  end
  return nil
end

-- Nobody needs the job. why: what the event tells.
function discard.job(step, record, queue, why)
  local worker = record.worker
  withdraw(step, record, queue, "cancelled")
  if not worker then
    history.append(step, record, queue, "cancelled")
  end
  record.state = states.number.cancelled
  conclude.ended(step, record)
  redis.call("UNLINK", keys.dependents(step, record.jid))
  records.lower(record, flags.DEPENDENTS)
  events.report(step, "cancelled", record, queue.name, worker or "", why)
  erase(step, record, limits.TRACE)
end

return discard
