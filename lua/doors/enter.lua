-- The one way to become runnable: into a queue's waiting set, ordered by priority, then place, or,
-- when a limit or an order key is against it, into the throttled state. The functions return the
-- word of the state.

local lanes = require("doors.lanes")
local records = require("store.records")
local rings = require("store.rings")
local sequence = require("store.sequence")
local settings = require("store.settings")
local states = require("rules.states")
local throttle = require("doors.throttle")

local enter = {}

local RULED = states.flags.RULED

-- As kept, for a job that has been runnable since. called: see throttle.enter.
function enter.again(step, record, queue, called)
  record.queue = queue.number
  if record.flags >= RULED or settings.klasses(step) then
    local parked, name = throttle.enter(step, record, queue, called)
    if parked then
      throttle.park(step, record, queue, name)
      return "throttled"
    end
  end
  record.state = states.number.waiting
  records.save(step, record)
  lanes.add(step, record, queue)
  rings.wake(step, queue)
  return "waiting"
end

-- With the place that the job has: after release, parking and a lost lease.
function enter.kept(step, record, queue)
  record.since = step.now
  return enter.again(step, record, queue)
end

-- With a new place, behind all equals.
function enter.last(step, record, queue)
  record.place = sequence.draw(step)
  record.since = step.now
  return enter.again(step, record, queue)
end

-- Takes a waiting job out again.
function enter.undo(step, record, queue)
  throttle.left(step, record, queue)
  lanes.remove(step, record, queue)
end

-- The same place under another priority, of a waiting or a throttled job.
function enter.reorder(step, record, queue, priority)
  if record.state == states.number.throttled then
    throttle.unpark(step, record, queue)
    record.priority = priority
    enter.again(step, record, queue)
    return
  end
  throttle.reorder(step, record, queue, priority)
  record.priority = priority
  records.save(step, record)
  lanes.reorder(step, record, queue, priority)
end

return enter
