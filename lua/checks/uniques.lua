-- A unique key is held by a job that says so and has not gone too far, or until a moment.

local evidence = require("doors.evidence")
local records = require("store.records")
local rules = require("rules.uniqueness")
local states = require("rules.states")
local uniques = require("store.uniques")

local stale = { name = "stale-unique-key", keys = { "unique" } }

-- The state of the job that holds a key, as far as it says so itself.
local function state_of(step, subject, held)
  local record, broken = evidence.job(step, held.jid)
  if broken then
    return nil, true
  end
  local says = record and records.options(record).unique == subject.rest
  return says and states.name[record.state] or nil, false
end

function stale.find(step, subject)
  local held = uniques.read(step, subject.rest)
  if not held then
    return nil
  elseif held.kind == "time" then
    return redis.call("PTTL", subject.key) == -1 and "is held for a time, and never expires" or nil
  elseif redis.call("PTTL", subject.key) >= 0 then
    return "expires, and is held by a job"
  end
  local state, broken = state_of(step, subject, held)
  if not broken and not rules.stands(held, state, step.now) then
    return "is held by a job that is " .. (state or "another or gone")
  end
end

function stale.mend(step, subject)
  local held = uniques.read(step, subject.rest)
  local state = state_of(step, subject, held)
  if held.kind ~= "time" and rules.stands(held, state, step.now) then
    redis.call("PERSIST", subject.key)
  elseif held.kind == "time" and held.ends > step.now then
    redis.call("PEXPIRE", subject.key, held.ends - step.now)
  else
    uniques.drop(step, subject.rest)
  end
end

return {
  keys = { unique = { mixed = true } },
  invariants = { stale },
}
