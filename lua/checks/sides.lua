-- Side keys of jobs: each has an owner, whose record says so, and what a record says is there.

local keys = require("store.keys")
local limits = require("rules.limits")
local records = require("store.records")
local states = require("rules.states")
local writes = require("store.writes")

local flags = states.flags
local number = states.number

local FLAG = {
  payload = flags.PAYLOAD,
  failure = flags.FAILURE,
  parents = flags.PARENTS,
  dependents = flags.DEPENDENTS,
}
local SIDES = { "payload", "failure", "parents", "dependents" }

local ownerless = { name = "ownerless-key", keys = SIDES }

function ownerless.find(_, subject)
  if not subject.record then
    return "there is no such job"
  end
end

function ownerless.mend(step, subject)
  writes.drop(step, subject.key)
end

-- Whether a key that its job's record does not know of is the job's.
local BELONGS = {
  payload = function(step, subject)
    local size = redis.call("STRLEN", keys.payload(step, subject.jid))
    return size > limits.INLINE and size == subject.record.size
  end,
  parents = function(_, subject)
    return subject.record.state == number.depends
  end,
}

local unflagged = { name = "unflagged-key", keys = SIDES }

function unflagged.find(_, subject)
  if subject.record and not records.has(subject.record, FLAG[subject.kind]) then
    return "its job's record does not know of it"
  end
end

function unflagged.mend(step, subject)
  local belongs = BELONGS[subject.kind]
  if belongs and not belongs(step, subject) then
    writes.drop(step, subject.key)
  else
    records.raise(subject.record, FLAG[subject.kind])
    records.save(step, subject.record)
  end
end

local payload = { name = "lost-payload", keys = { "job" }, flags = flags.PAYLOAD }

function payload.find(step, subject)
  if redis.call("EXISTS", keys.payload(step, subject.jid)) == 0 then
    return "its payload of " .. subject.record.size .. " bytes is not there"
  end
end

local resized = { name = "resized-payload", keys = { "payload" } }

function resized.find(_, subject)
  local record = subject.record
  if record and records.has(record, flags.PAYLOAD) then
    local size = redis.call("STRLEN", subject.key)
    if size ~= record.size then
      return "has " .. size .. " bytes, and its job's record says " .. record.size
    end
  end
end

local dependents = { name = "lost-dependents", keys = { "job" }, flags = flags.DEPENDENTS }

function dependents.find(step, subject)
  if redis.call("EXISTS", keys.dependents(step, subject.jid)) == 0 then
    return "says that jobs wait for it, and which is not there"
  end
end

function dependents.mend(step, subject)
  records.lower(subject.record, flags.DEPENDENTS)
  records.save(step, subject.record)
end

return {
  keys = { payload = { owner = true }, failure = { owner = true } },
  invariants = { ownerless, unflagged, payload, resized, dependents },
}
