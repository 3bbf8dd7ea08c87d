-- Jobs that were revoked, each by itself or all of a klass: a pop that comes to one ends it.

local abandon = require("doors.abandon")
local records = require("store.records")
local revocation = require("rules.revocation")
local settings = require("store.settings")
local states = require("rules.states")

local revoked = {}

-- Whether a job is not to run: job (it was revoked itself), klass or once (all of its klass, or the
-- first that a pop comes to) with what is kept of that; or nil.
function revoked.holds(step, record)
  if records.has(record, states.flags.REVOKED) then
    return "job", nil
  end
  local entry = (settings.revoked(step) or {})[record.klass]
  if entry and revocation.holds(entry, step.now) then
    return entry.once and "once" or "klass", entry
  end
  return nil
end

-- Takes the mark off a job that was revoked by itself.
function revoked.unmark(record)
  records.lower(record, states.flags.REVOKED)
  records.set_options(record, records.options(record))
end

-- Whether a job that a pop has taken out of the waiting set was revoked: then it has been ended,
-- cancelled or, if others wait for it, failed.
function revoked.takes(step, queue, record)
  local kind = revoked.holds(step, record)
  if not kind then
    return false
  end
  if kind == "once" then
    settings.revoke(step, record.klass, nil)
  end
  revoked.unmark(record)
  local group = "revoked-" .. queue.name
  abandon.act(step, record, queue, "cancel", group, "the job was revoked", "revoked")
  return true
end

return revoked
