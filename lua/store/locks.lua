-- Locks: who holds a name, until when, and whether others wait for it. A lock is one string: end of
-- the lease, fencing number and waiters until (6 bytes each, the times in milliseconds), and the
-- holder, empty when nobody holds it but somebody waits. Its ring is a list of at most one token,
-- as that of a queue (store/rings.lua).

local keys = require("store.keys")
local limits = require("rules.limits")
local rings = require("store.rings")

local locks = {}

local LAYOUT = ">I6I6I6"
local GRACE = 60000 -- milliseconds: the holder may renew late, if nobody else has come

-- A lock as a table, or nil.
function locks.read(step, name)
  local text = redis.call("GET", keys.lock(step, name))
  if not text then
    return nil
  end
  local ends, fence, waiters, from = struct.unpack(LAYOUT, text)
  return { ends = ends, fence = fence, waiters = waiters, holder = string.sub(text, from) }
end

function locks.held(step, lock)
  return lock ~= nil and lock.holder ~= "" and lock.ends > step.now
end

function locks.write(step, name, lock)
  local text = struct.pack(LAYOUT, lock.ends, lock.fence, lock.waiters) .. lock.holder
  local rest = math.max(lock.ends, lock.waiters) - step.now
  redis.call("SET", keys.lock(step, name), text, "PX", math.max(rest, 0) + GRACE)
end

-- Somebody is going to block on the ring until the lock is free: raises the flag, and takes a stale
-- token off.
function locks.await(step, name, lock)
  lock.waiters = step.now + limits.SLEEP + 1000
  locks.write(step, name, lock)
  redis.call("DEL", keys.lock_ring(step, name))
end

-- Nobody holds it any more. Of those who wait, one is woken; whom it wakes leaves the flag up.
function locks.free(step, name, lock)
  if lock.waiters <= step.now then
    redis.call("UNLINK", keys.lock(step, name))
    return
  end
  lock.holder, lock.ends = "", 0
  locks.write(step, name, lock)
  rings.push(keys.lock_ring(step, name))
end

return locks
