-- untrack: nobody follows this job any more, whether it is still there or not.
--
-- Args: jid.
-- Returns: 1, or 0 when there is no such job (any more).
-- Errors: INVALID.
-- Events: untracked.
-- Cost: O(log n).

local arguments = require("rules.arguments")
local events = require("store.events")
local keys = require("store.keys")
local records = require("store.records")
local states = require("rules.states")
local subject = require("doors.subject")
local writes = require("store.writes")

local untrack = {}

function untrack.parse(step, args)
  arguments.count(args, 1)
  return subject.parse(step, args[1])
end

function untrack.check(step, jid)
  if not records.live(step, jid) then
    return { jid = jid }
  end
  local record, queue = subject.find(step, jid)
  return { jid = jid, record = record, queue = queue }
end

function untrack.apply(step, plan)
  local record = plan.record
  writes.one(step, "ZREM", keys.tracked(step), plan.jid)
  if not record then
    return 0
  end
  if records.has(record, states.flags.TRACKED) then
    -- Before the mark is gone, so that those who follow tracked jobs alone hear of it.
    events.report(step, "untracked", record, plan.queue.name, record.worker or "", "")
    records.lower(record, states.flags.TRACKED)
    records.save(step, record)
  end
  return 1
end

return untrack
