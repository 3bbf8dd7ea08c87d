-- Jobs that were revoked, each by itself or all of a klass: a pop that comes to one ends it.

local abandon = require("doors.abandon")
local records = require("store.records")
local revocation = require("rules.revocation")
local settings = require("store.settings")
local states = require("rules.states")

local revoked = {}

-- Whether jobs of the record's klass are not to run; that may be the end of it.
local function takes_klass(step, record)
  local entry = (settings.revoked(step) or {})[record.klass]
  if not entry or not revocation.holds(entry, step.now) then
    return false
  end
  if entry.once then
    settings.revoke(step, record.klass, nil)
  end
  return true
end

-- Takes the mark off a job that was revoked by itself.
function revoked.unmark(record)
  records.lower(record, states.flags.REVOKED)
  records.set_options(record, records.options(record))
end

-- Whether a job that a pop has taken out of the waiting set was revoked: then it has been ended,
-- cancelled or, if others wait for it, failed.
function revoked.takes(step, queue, record)
  if not records.has(record, states.flags.REVOKED) and not takes_klass(step, record) then
    return false
  end
  revoked.unmark(record)
  local group = "revoked-" .. queue.name
  abandon.act(step, record, queue, "cancel", group, "the job was revoked", "revoked")
  return true
end

return revoked
