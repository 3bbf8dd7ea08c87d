-- What a check may rely on: a job's record only when it can be read, and where the record says that
-- the job is.

local claim = require("doors.claim")
local keys = require("store.keys")
local lanes = require("doors.lanes")
local limits = require("rules.limits")
local places = require("store.places")
local queues = require("store.queues")
local records = require("store.records")
local scheduled = require("store.scheduled")
local states = require("rules.states")

local evidence = {}

local function plain(record)
  return record.jid
end

local function priority_of(record)
  return record.priority
end

local function lane_of(step, queue, record)
  return keys.lane(step, queue, lanes.tenant(record))
end

-- For each state the set of its jobs: its key (by step, queue and record), a record's member and
-- score in it (nil: any), and where the jid starts in a member.
evidence.SETS = {
  waiting = { key = lane_of, member = places.member, score = priority_of, jid = places.JID },
  throttled = {
    key = keys.throttled,
    member = places.member,
    score = priority_of,
    jid = places.JID,
  },
  scheduled = {
    key = keys.scheduled,
    member = scheduled.member,
    score = scheduled.score,
    jid = scheduled.JID,
  },
  depends = { key = keys.depends, member = plain, jid = 1 },
  running = { key = keys.running, member = claim.member, jid = claim.JID },
  complete = { key = keys.complete, member = plain, jid = 1 },
  failed = { key = keys.failed, member = plain, jid = 1 },
  cancelled = { key = keys.ended, member = plain, jid = 1 }, -- until those that wait are told
}

-- The record, nil, or an error when something cannot be read.
local function read(step, jid)
  local record = records.get(step, jid)
  if not record then
    return nil
  end
  local outside = records.has(record, states.flags.PAYLOAD) or record.size > limits.INLINE
  return record.format == records.FORMAT
    and states.name[record.state] ~= nil
    and (outside or #record.rest >= record.size)
    and type(records.options(record)) == "table"
    and record
end

-- The record of a job or of a trace, or nil; true when there is one that cannot be read.
function evidence.record(step, jid)
  local fine, record = pcall(read, step, jid)
  return fine and record or nil, not fine or record == false
end

-- As record, but a trace counts as nothing.
function evidence.job(step, jid)
  local record, broken = evidence.record(step, jid)
  if record and records.has(record, states.flags.TRACE) then
    return nil, false
  end
  return record, broken
end

-- Whether a job is running without anybody who could end it.
function evidence.unheld(record)
  return record.state == states.number.running and not (record.worker and record.popped)
end

-- Whether a job, if there is one, is in the state in which it has parents.
function evidence.waits(record)
  return record and record.state == states.number.depends
end

-- The queue of this number; one that is not registered has no name.
function evidence.queue(step, number)
  return queues.numbered(step, number) or { number = number, keys = {} }
end

-- The set that a job of this record must be in, and its queue.
function evidence.set_of(step, record)
  return evidence.SETS[states.name[record.state]], evidence.queue(step, record.queue)
end

return evidence
