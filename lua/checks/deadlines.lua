-- Jobs in nobody's hands, and no others, are in `deadlines` by their next moment.

local deadlines = require("doors.deadlines")
local keys = require("store.keys")
local records = require("store.records")
local rules = require("rules.deadlines")
local states = require("rules.states")
local uniqueness = require("rules.uniqueness")
local writes = require("store.writes")

-- The moment by which a job is to be listed, or nil.
local function moment_of(record)
  if record and uniqueness.unstarted(states.name[record.state]) then
    return rules.upcoming(records.options(record), record.attempt)
  end
  return nil
end

local unlisted = { name = "unlisted-deadline", keys = { "job" }, flags = states.flags.RULED }

function unlisted.find(step, subject)
  local moment = moment_of(subject.record)
  local known = moment and redis.call("ZSCORE", keys.deadlines(step), subject.jid)
  if moment and tonumber(known or nil) ~= moment then
    return string.format("is to be ended at %.0f, and is not listed so", moment)
  end
end

function unlisted.mend(step, subject)
  deadlines.note(step, subject.record)
end

local stray = { name = "stray-deadline", members = { "deadlines" } }

function stray.find(_, subject)
  if not moment_of(subject.record) then
    return "is no job that is to be ended at a moment"
  end
end

function stray.mend(step, subject)
  writes.one(step, "ZREM", keys.deadlines(step), subject.member)
end

return {
  keys = { deadlines = { type = "zset", jid = 1 } },
  invariants = { unlisted, stray },
}
