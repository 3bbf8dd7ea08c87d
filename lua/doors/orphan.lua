-- A job whose parent has ended, and that fails or is cancelled by that: see rules/branches.lua.

local conclude = require("doors.conclude")
local edges = require("store.edges")
local erase = require("doors.erase")
local events = require("store.events")
local history = require("store.history")
local limits = require("rules.limits")
local records = require("store.records")
local states = require("rules.states")

local orphan = {}

-- The word of the state that it goes to; verdict: fail, cancel or skip. A job that others wait for
-- is not cancelled but kept, failed: an unfail can still help those. Nothing helps one that is
-- skipped.
function orphan.fate(record, verdict)
  local needed = record and records.has(record, states.flags.DEPENDENTS)
  if verdict == "skip" or (verdict == "cancel" and not needed) then
    return "cancelled"
  end
  return "failed"
end

-- Cancels a job that is in no state set any more; those that wait for it are told by the tick.
-- worker: who held it, or nil. details: of the event.
function orphan.cancel(step, record, queue, worker, details)
  if not worker then
    history.append(step, record, queue, "cancelled")
  end
  record.state = states.number.cancelled
  record.since = step.now
  conclude.ended(step, record)
  events.report(step, "cancelled", record, queue.name, worker or "", details)
  erase(step, record, limits.TRACE)
end

-- The job is in no state set any more.
function orphan.act(step, record, queue, verdict, parent_jid)
  if orphan.fate(record, verdict) == "cancelled" then
    local details = verdict == "skip" and "parent ended" or "parent failed"
    orphan.cancel(step, record, queue, nil, details)
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
