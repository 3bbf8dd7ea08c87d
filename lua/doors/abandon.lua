-- A job that is not to run any more though nobody has failed in it: cancelled, or failed.

local conclude = require("doors.conclude")
local edges = require("store.edges")
local erase = require("doors.erase")
local events = require("store.events")
local history = require("store.history")
local limits = require("rules.limits")
local records = require("store.records")
local states = require("rules.states")

local abandon = {}

-- The word of the state that it goes to; policy: fail, cancel or skip. A job that others wait for
-- is not cancelled but kept, failed: an unfail can still help those. Nothing helps one that is
-- skipped.
function abandon.fate(record, policy)
  local needed = record and records.has(record, states.flags.DEPENDENTS)
  if policy == "skip" or (policy == "cancel" and not needed) then
    return "cancelled"
  end
  return "failed"
end

-- Cancels a job that is in no state set any more; those that wait for it are told by the tick.
-- worker: who held it, or nil. why: the details of the event.
function abandon.cancel(step, record, queue, worker, why)
  if not worker then
    history.append(step, record, queue, "cancelled")
  end
  record.state = states.number.cancelled
  record.since = step.now
  conclude.ended(step, record)
  events.report(step, "cancelled", record, queue.name, worker or "", why)
  erase(step, record, limits.TRACE)
end

-- The job is in no state set any more. group, message: of the failure. why: the details of the
-- event when it is cancelled.
function abandon.act(step, record, queue, policy, group, message, why)
  if abandon.fate(record, policy) == "cancelled" then
    abandon.cancel(step, record, queue, nil, why)
    return
  end
  edges.clear(step, record)
  history.append(step, record, queue, "failed", group)
  conclude.failed(step, record, queue, {
    group = group,
    message = message,
    when = step.now,
    worker = "",
  })
  events.report(step, "failed", record, queue.name, "", group)
  if records.has(record, states.flags.DEPENDENTS) then
    edges.tell_later(step, record.jid)
  end
end

return abandon
