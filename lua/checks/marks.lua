-- What a record says fits the state that it is in.

local ends = require("store.ends")
local enter = require("doors.enter")
local evidence = require("doors.evidence")
local records = require("store.records")
local states = require("rules.states")
local throttle = require("doors.throttle")
local writes = require("store.writes")

local flags = states.flags
local number = states.number

local unheld = { name = "unheld-job", keys = { "job" }, state = number.running }

function unheld.find(_, subject)
  if evidence.unheld(subject.record) then
    return "is running and held by nobody"
  end
end

function unheld.mend(step, subject)
  local record = subject.record
  local set, queue = evidence.set_of(step, record)
  writes.one(step, "ZREM", set.key(step, queue, record), set.member(record))
  record.worker, record.popped = nil, nil
  throttle.ended(step, record)
  enter.kept(step, record, queue)
end

local COUNTED = { [number.waiting] = true, [number.running] = true }

-- What a record must not have in its state.
local function stale_mark(record)
  local state = record.state
  if state ~= number.depends and records.has(record, flags.HELD) then
    return "a hold"
  elseif state ~= number.running and records.has(record, flags.GRACE) then
    return "a grace period"
  elseif state ~= number.running and record.worker then
    return "a holder"
  elseif
    (state == number.complete or state == number.failed) and records.has(record, flags.AWAITED)
  then
    return "somebody who was not told of its end"
  elseif not COUNTED[state] and records.has(record, flags.COUNTED) then
    return "a place in limits"
  end
  return record.left > record.retries and "more retries left than it was given"
end

local stale = { name = "stale-mark", keys = { "job" } }

function stale.find(_, subject)
  local mark = stale_mark(subject.record)
  return mark and "is " .. states.name[subject.record.state] .. " and has " .. mark
end

function stale.mend(step, subject)
  local record = subject.record
  local state = record.state
  if state ~= number.depends then
    records.lower(record, flags.HELD)
  end
  if state ~= number.running then
    records.lower(record, flags.GRACE)
    record.worker, record.popped = nil, nil
  end
  if state == number.complete or state == number.failed then
    ends.tell(step, record)
  end
  if not COUNTED[state] then
    records.lower(record, flags.COUNTED)
  end
  record.left = math.min(record.left, record.retries)
  records.save(step, record)
end

return { keys = {}, invariants = { unheld, stale } }
