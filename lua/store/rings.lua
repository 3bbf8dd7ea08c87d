-- Waking of blocked workers. A queue's flag (`waiters` in its control) says until when somebody
-- may be waiting; its ring is a list of at most one token. Tokens carry no data and may be lost:
-- a wait ends by itself after limits.SLEEP.

local keys = require("store.keys")
local limits = require("rules.limits")
local queues = require("store.queues")

local rings = {}

-- Puts a token into a ring, unless there is one.
function rings.push(ring)
  if redis.call("EXISTS", ring) == 0 then
    redis.call("LPUSH", ring, "1")
    redis.call("PEXPIRE", ring, 2 * limits.SLEEP)
  end
end

-- A job of this queue became runnable, or one is due earlier than a waiter knows.
function rings.wake(step, queue)
  if queue.waiters <= step.now or queue.paused or queue.rung then
    return
  end
  queue.rung = true
  rings.push(keys.ring(step, queue))
end

-- Something is due at that moment, and nothing before: who waits sleeps too long.
function rings.hasten(step, queue, moment)
  if moment < step.now + limits.SLEEP then
    rings.wake(step, queue)
  end
end

-- A pop found nothing and is going to wait: raises the flag and takes stale tokens off.
function rings.wait(step, queue)
  queue.waiters = step.now + limits.SLEEP + 1000
  queues.save(step, queue)
  redis.call("DEL", keys.ring(step, queue))
end

return rings
