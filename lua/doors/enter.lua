-- The one way to become runnable: into a queue's waiting set, ordered by priority, then place.

local keys = require("store.keys")
local records = require("store.records")
local rings = require("store.rings")
local sequence = require("store.sequence")
local states = require("rules.states")
local writes = require("store.writes")

local enter = {}

local PLACE = ">I6"
enter.JID = 7 -- where the jid starts in a member

function enter.member(record)
  return struct.pack(PLACE, record.place) .. record.jid
end

-- With the place that the job has: after release, parking and a lost lease.
function enter.kept(step, record, queue)
  record.state = states.number.waiting
  record.queue = queue.number
  record.since = step.now
  records.save(step, record)
  writes.pair(step, "ZADD", keys.waiting(step, queue), record.priority, enter.member(record))
  rings.wake(step, queue)
end

-- With a new place, behind all equals.
function enter.last(step, record, queue)
  record.place = sequence.draw(step)
  enter.kept(step, record, queue)
end

-- Takes a waiting job out again.
function enter.undo(step, record, queue)
  writes.one(step, "ZREM", keys.waiting(step, queue), enter.member(record))
end

-- The same place under another priority.
function enter.reorder(step, record, queue, priority)
  record.priority = priority
  records.save(step, record)
  writes.pair(step, "ZADD", keys.waiting(step, queue), priority, enter.member(record))
end

return enter
