-- A job has a key of parents while it waits for some, and only then.

local edges = require("store.edges")
local evidence = require("doors.evidence")
local keys = require("store.keys")
local records = require("store.records")
local states = require("rules.states")
local unblock = require("doors.unblock")

local flags = states.flags

local needless = { name = "needless-parents", keys = { "parents" } }

function needless.find(_, subject)
  local record = subject.record
  if record and records.has(record, flags.PARENTS) and not evidence.waits(record) then
    return "its job is " .. states.name[record.state] .. " and waits for nothing"
  end
end

function needless.mend(step, subject)
  edges.clear(step, subject.record)
  records.save(step, subject.record)
end

local lost = { name = "lost-parents", keys = { "job" }, flags = flags.PARENTS }

function lost.find(step, subject)
  if redis.call("EXISTS", keys.parents(step, subject.jid)) == 0 then
    return "says that it waits for jobs, and for which is not there; undepend sets it free",
      evidence.waits(subject.record)
  end
end

function lost.mend(step, subject)
  records.lower(subject.record, flags.PARENTS)
  records.save(step, subject.record)
end

local idle = { name = "waits-for-nothing", keys = { "job" }, state = states.number.depends }

function idle.find(step, subject)
  local record = subject.record
  if edges.ready(record) and redis.call("EXISTS", keys.parents(step, record.jid)) == 0 then
    return "is in depends and waits for nothing"
  end
end

function idle.mend(step, subject)
  unblock.free(step, subject.record)
end

return { keys = {}, invariants = { needless, lost, idle } }
