-- What a check looks at: a key, or a member of one, with the job that it is about.

local evidence = require("doors.evidence")
local invariants = require("invariants")
local records = require("store.records")
local states = require("rules.states")

local subjects = {}

-- How the members of a key are counted, and read all at once, in part, and one by one.
subjects.TYPES = {
  zset = {
    count = "ZCARD",
    all = "ZRANGE",
    range = { 0, -1, "WITHSCORES" },
    some = "ZSCAN",
    one = "ZSCORE",
  },
  hash = { count = "HLEN", all = "HGETALL", range = {}, some = "HSCAN", one = "HGET" },
  set = { count = "SCARD", all = "SMEMBERS", range = {}, some = "SSCAN", one = "SISMEMBER" },
}

-- The key of this name, after the root. The record of a job is its own subject; that of a trace is
-- a kind apart.
function subjects.key(step, name)
  local kind, rest = string.match(name, "^([^:]*):?(.*)$")
  local found = invariants.of(kind)
  local subject = {
    kind = kind,
    name = name,
    rest = rest,
    key = step.root .. name,
    about = found.about,
    invariants = found.keys,
    members = found.members,
    member = "",
  }
  if found.about.owner then
    subject.jid = rest
    records.want(step, rest)
  end
  return subject
end

-- A member of that key.
function subjects.member(step, whole, member, value)
  local about = whole.about
  local subject = {
    kind = whole.kind,
    name = whole.name,
    rest = whole.rest,
    key = whole.key,
    about = about,
    invariants = whole.members,
    member = member,
    value = value,
  }
  if about.jid and #member >= about.jid then
    subject.jid = string.sub(member, about.jid)
    records.want(step, subject.jid)
  elseif about.owner then
    subject.jid = whole.rest
  end
  return subject
end

-- As member, or nil when the key does not have it (any more).
function subjects.present(step, whole, member)
  local reading = subjects.TYPES[whole.about.type]
  local value = reading and redis.call(reading.one, whole.key, member)
  if not value or value == 0 then
    return nil
  end
  return subjects.member(step, whole, member, value)
end

-- Reads the record of the subject's job, if it has one. Returns false when there is something that
-- cannot be read.
function subjects.read(step, subject)
  if not subject.jid then
    return true
  end
  records.read(step)
  local record, broken = evidence.record(step, subject.jid)
  if subject.kind == "job" and not record then
    return false
  end
  if record and records.has(record, states.flags.TRACE) then
    if subject.kind == "job" then
      local trace = invariants.of("trace")
      subject.about, subject.invariants = trace.about, trace.keys
    end
    record = nil
  end
  subject.record = record
  return not broken
end

return subjects
