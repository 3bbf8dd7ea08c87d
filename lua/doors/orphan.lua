-- A job whose parent has failed, and whose policy is to fail or to be cancelled with it.

local conclude = require("doors.conclude")
local edges = require("store.edges")
local erase = require("doors.erase")
local events = require("store.events")
local history = require("store.history")
local limits = require("rules.limits")
local records = require("store.records")
local states = require("rules.states")

local orphan = {}

-- The word of the state that it goes to. A job that others wait for is kept, failed, whatever its
-- policy: an unfail can still help those.
function orphan.fate(record, policy)
  local needed = record and records.has(record, states.flags.DEPENDENTS)
  return policy == "cancel" and not needed and "cancelled" or "failed"
end

-- The job is in no state set any more.
function orphan.act(step, record, queue, policy, parent_jid)
  if orphan.fate(record, policy) == "cancelled" then
    record.state = states.number.cancelled
    history.append(step, record, queue, "cancelled")
    record.since = step.now
    conclude.ended(step, record)
    events.report(step, "cancelled", record, queue.name, "", "parent failed")
    erase(step, record, limits.TRACE)
    return
  end
  local group = "failed-parent-" .. queue.name
  edges.clear(step, record)
  history.append(step, record, queue, "failed", group)
  conclude.failed(step, record, queue, {
    group = group,
    message = "the job " .. parent_jid .. " that it depends on has failed",
    when = step.now,
    worker = "",
  })
  events.report(step, "failed", record, queue.name, "", group)
  if records.has(record, states.flags.DEPENDENTS) then
    edges.tell_later(step, record.jid)
  end
end

return orphan
