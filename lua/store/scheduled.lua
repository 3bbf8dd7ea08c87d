-- Jobs that wait for a moment. Scores are due times rounded up to limits.BUCKET; among jobs of one
-- score the member's order, priority before sequence, is the order of promotion.

local clock = require("store.clock")
local keys = require("store.keys")
local limits = require("rules.limits")
local priorities = require("rules.priorities")
local records = require("store.records")
local rings = require("store.rings")
local sequence = require("store.sequence")
local states = require("rules.states")
local writes = require("store.writes")

local scheduled = {}

local ORDER = ">I4I3I6" -- priority, sequence
scheduled.JID = 14 -- where the jid starts in a member

function scheduled.member(record)
  local high, low = priorities.split(record.priority)
  return struct.pack(ORDER, high, low, record.place) .. record.jid
end

local function score_of(due)
  return math.ceil(due / limits.BUCKET) * limits.BUCKET
end

-- The score of a job that is scheduled.
function scheduled.score(record)
  return score_of(record.since)
end

-- due: milliseconds. The record keeps the exact moment.
function scheduled.add(step, record, queue, due)
  record.state = states.number.scheduled
  record.queue = queue.number
  record.since = due
  record.place = sequence.draw(step)
  records.save(step, record)
  local score = score_of(due)
  writes.pair(step, "ZADD", keys.scheduled(step, queue), score, scheduled.member(record))
  clock.at(step, clock.SCHEDULED, queue.number, score)
  if score < step.now + limits.SLEEP then
    rings.wake(step, queue)
  end
end

function scheduled.remove(step, record, queue)
  writes.one(step, "ZREM", keys.scheduled(step, queue), scheduled.member(record))
end

-- The same moment and sequence under another priority.
function scheduled.reorder(step, record, queue, priority)
  if record.priority == priority then
    return
  end
  scheduled.remove(step, record, queue)
  record.priority = priority
  records.save(step, record)
  local key = keys.scheduled(step, queue)
  writes.pair(step, "ZADD", key, score_of(record.since), scheduled.member(record))
end

return scheduled
