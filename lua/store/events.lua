-- The event stream: one entry a call, one field `e`, a msgpack array
-- [milliseconds, [what, queue, worker, details, [jid, ...]], ...]. Equal heads share a group.

local keys = require("store.keys")
local records = require("store.records")
local settings = require("store.settings")
local states = require("rules.states")

local events = {}

-- Whether anybody is to hear of this job. The mode is that of the step's start.
local function heard(step, record)
  local mode = step.heard
  if not mode then
    mode = settings.text(step, "events")
    step.heard = mode
  end
  if mode == "all" then
    return true
  end
  return mode == "tracked" and record and records.has(record, states.flags.TRACKED)
end

-- what: a word. details: a text or number that belongs to it, or "". record: nil for an event that
-- is about no job.
function events.report(step, what, record, queue_name, worker, details)
  if not heard(step, record) then
    return
  end
  local jid = record and record.jid or ""
  local reports = step.reports
  if not reports then
    reports = {}
    step.reports = reports
  end
  local last = reports[#reports]
  if
    last
    and last[1] == what
    and last[2] == queue_name
    and last[3] == worker
    and last[4] == details
  then
    local jids = last[5]
    jids[#jids + 1] = jid
    return
  end
  reports[#reports + 1] = { what, queue_name, worker, details, { jid } }
end

-- Sends what was reported as one entry of the stream.
function events.flush(step)
  local reports = step.reports
  if not reports then
    return
  end
  redis.call(
    "XADD",
    keys.events(step),
    "MAXLEN",
    "~",
    settings.number(step, "events-history"),
    "*",
    "e",
    cmsgpack.pack({ step.now, unpack(reports) })
  )
  step.reports = nil
end

return events
