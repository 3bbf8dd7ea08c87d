-- track: marks a job for people to follow.
--
-- Args: jid.
-- Returns: 1.
-- Errors: INVALID, NOJOB.
-- Events: tracked. With the setting events=tracked the events of such jobs alone are published.
-- Cost: O(log n).

local arguments = require("rules.arguments")
local events = require("store.events")
local keys = require("store.keys")
local records = require("store.records")
local states = require("rules.states")
local subject = require("doors.subject")
local writes = require("store.writes")

local track = {}

function track.parse(step, args)
  arguments.count(args, 1)
  return subject.parse(step, args[1])
end

function track.check(step, jid)
  local record, queue = subject.find(step, jid)
  return { record = record, queue = queue }
end

function track.apply(step, plan)
  local record = plan.record
  if not records.has(record, states.flags.TRACKED) then
    records.raise(record, states.flags.TRACKED)
    records.save(step, record)
    writes.pair(step, "ZADD", keys.tracked(step), step.now, record.jid)
    events.report(step, "tracked", record, plan.queue.name, record.worker or "", "")
  end
  return 1
end

return track
