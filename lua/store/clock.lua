-- The clock: for each (kind, queue) the earliest moment at which something is due there. The
-- root's field `due` is never later than the first of them, so that most calls need not look.
-- A member is one letter for the kind and the queue's number (0: the namespace).

local keys = require("store.keys")
local root = require("store.root")

local clock = {}

clock.LEASE = "l" -- a lease ends
clock.SCHEDULED = "s" -- a job becomes due
clock.RECURRING = "r" -- a template has a child to make
clock.RETENTION = "k" -- a complete or failed job is kept no longer
clock.ENDED = "e" -- dependents of an ended job are still to be told
clock.THROTTLED = "t" -- a limit lets further jobs start
clock.DEADLINE = "d" -- a job is too late
clock.CEILING = "c" -- a queue's caps have changed
clock.FLOWS = "f" -- members of a flow are to be freed or cancelled
clock.WORKERS = "w" -- a worker has shown no sign of life for too long
clock.INCUMBENTS = "i" -- jobs that ran before their klass was limited are still to be counted

-- Something of this kind is due at that moment. Returns whether nothing is known to be due before.
function clock.at(step, kind, number, moment)
  redis.call("ZADD", keys.clock(step), "LT", moment, kind .. number)
  local due = tonumber(root.get(step, "due") or nil)
  if not due or moment < due then
    root.set(step, "due", string.format("%.0f", moment))
    return true
  end
  return false
end

-- The moments that have come, most overdue first: a list of members, or nil when none can have.
function clock.overdue(step, limit)
  local due = tonumber(root.get(step, "due") or nil)
  if not due or due > step.now then
    return nil
  end
  return redis.call("ZRANGE", keys.clock(step), "-inf", step.now, "BYSCORE", "LIMIT", 0, limit)
end

-- Sets a member to its next moment, or takes it off when there is none.
function clock.reset(step, member, moment)
  if moment then
    redis.call("ZADD", keys.clock(step), moment, member)
  else
    redis.call("ZREM", keys.clock(step), member)
  end
end

-- Takes off all that was to be done for a queue.
function clock.forget(step, number)
  redis.call(
    "ZREM",
    keys.clock(step),
    clock.LEASE .. number,
    clock.SCHEDULED .. number,
    clock.RECURRING .. number,
    clock.RETENTION .. number,
    clock.THROTTLED .. number,
    clock.CEILING .. number
  )
end

-- Takes the first moment over into the root.
function clock.settle(step)
  local first = redis.call("ZRANGE", keys.clock(step), 0, 0, "WITHSCORES")[2]
  if first then
    root.set(step, "due", first)
  elseif root.get(step, "due") then
    root.drop(step, "due")
  end
end

return clock
