-- Queues: a number, and what every call must know about one, in one field of the root.

local keys = require("store.keys")
local root = require("store.root")
local writes = require("store.writes")

local queues = {}

-- number, what holds for it (a bit each, see MARKS), lease (ms, 0: by the setting), waiters until,
-- lower bound of the first lease's end (0: none), time of the last resumption. Times are
-- milliseconds.
local CONTROL = ">I3BI6I6I6I6"

-- paused: pops find nothing. fair: has lanes of tenants. limited: has a limit of its own. capped:
-- what it may hold is bounded, or was. keeps: has a retention of its own. A queue that is none of
-- the last four has no fields for them.
local MARKS = { paused = 1, fair = 2, limited = 4, capped = 8, keeps = 16 }

local function marks_of(queue)
  return (queue.paused and MARKS.paused or 0)
    + (queue.fair and MARKS.fair or 0)
    + (queue.limited and MARKS.limited or 0)
    + (queue.capped and MARKS.capped or 0)
    + (queue.keeps and MARKS.keeps or 0)
end

local function field(name)
  return "queue:" .. name
end

function queues.want(step, name)
  root.want(step, field(name))
end

-- The queue of this name, or nil when nothing was ever put into it.
function queues.named(step, name)
  local known = step.queues and step.queues[name]
  if known then
    return known
  end
  local control = root.get(step, field(name))
  if not control then
    return nil
  end
  local number, marks, lease, waiters, bound, resumed = struct.unpack(CONTROL, control)
  local queue = {
    name = name,
    number = number,
    paused = bit.band(marks, MARKS.paused) ~= 0,
    lease = lease,
    waiters = waiters,
    bound = bound,
    resumed = resumed,
    keys = {}, -- names of its keys, see store/keys.lua
  }
  if marks > MARKS.paused then
    for mark, value in pairs(MARKS) do
      queue[mark] = bit.band(marks, value) ~= 0
    end
  end
  step.queues = step.queues or {}
  step.queues[name] = queue
  if queue.capped then
    queues.cap(step, queue)
  end
  return queue
end

-- The step has to do with a queue that is capped: doors/ceiling.lua looks after it.
function queues.cap(step, queue)
  step.capped = step.capped or {}
  table.insert(step.capped, queue)
end

-- The queue of this number, or nil when it has been forgotten; records name their queue so.
function queues.numbered(step, number)
  local name = root.get(step, "name:" .. number)
  return name and queues.named(step, name) or nil
end

-- Reads what must be known about these queues in one call.
function queues.read(step, names)
  for position = 1, #names do
    queues.want(step, names[position])
  end
  root.read(step)
end

-- Stores what was changed in the queue's control.
function queues.save(step, queue)
  if marks_of(queue) > MARKS.paused then
    root.raise(step)
  end
  root.set(
    step,
    field(queue.name),
    struct.pack(
      CONTROL,
      queue.number,
      marks_of(queue),
      queue.lease,
      queue.waiters,
      queue.bound,
      queue.resumed
    )
  )
end

-- The queue of this name, registered if it is new. Applying only.
function queues.ensure(step, name)
  local queue = queues.named(step, name)
  if queue then
    return queue
  end
  return queues.register(step, name, root.count(step, "last-queue"))
end

-- A new queue of this number.
function queues.register(step, name, number)
  local queue = {
    name = name,
    number = number,
    paused = false,
    fair = false,
    limited = false,
    capped = false,
    keeps = false,
    lease = 0,
    waiters = 0,
    bound = 0,
    resumed = 0,
    keys = {},
  }
  step.queues = step.queues or {}
  step.queues[name] = queue
  queues.save(step, queue)
  root.set(step, "name:" .. queue.number, name)
  writes.pair(step, "ZADD", keys.queues(step), step.now, name)
  return queue
end

-- Drops an empty queue's registration; its number is not used again.
function queues.forget(step, queue)
  root.drop(step, field(queue.name))
  root.drop(step, "name:" .. queue.number)
  writes.one(step, "ZREM", keys.queues(step), queue.name)
  step.queues[queue.name] = nil
end

return queues
