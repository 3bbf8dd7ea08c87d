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

-- The word of the state that it goes to. A job that others wait for is kept, failed, whatever its
-- policy (cancel or fail): an unfail can still help those.
function abandon.fate(record, policy)
  local needed = record and records.has(record, states.flags.DEPENDENTS)
  return policy == "cancel" and not needed and "cancelled" or "failed"
end

-- The job is in no state set any more. group, message: of the failure. why: the details of the
-- event when it is cancelled.
function abandon.act(step, record, queue, policy, group, message, why)
  if abandon.fate(record, policy) == "cancelled" then
    record.state = states.number.cancelled
    history.append(step, record, queue, "cancelled")
    record.since = step.now
    conclude.ended(step, record)
    events.report(step, "cancelled", record, queue.name, "", why)
    erase(step, record, limits.TRACE)
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
