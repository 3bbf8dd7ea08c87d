-- When a flow comes to rest: those who wait for that are told, as in store/ends.lua, by a ring of
-- the flow's own; and what is known of a flow goes with its last member.

local flows = require("store.flows")
local keys = require("store.keys")
local limits = require("rules.limits")
local writes = require("store.writes")

local rests = {}

-- Milliseconds that an entry stays, as in store/ends.lua.
local LINGER = 2000

-- Nothing of the flow runs or can, unless somebody puts right what has failed.
local function resting(step, id)
  return flows.count(step, id, "open", "failed") == 0
    and flows.count(step, id, "held", "depends") == 0
end

local function tell(step, id)
  redis.call("HDEL", keys.flow(step, id), "awaited")
  local ring = keys.flow_ring(step, id)
  redis.call("XADD", ring, "MAXLEN", 1, "*", "1", "1")
  redis.call("PEXPIRE", ring, LINGER)
end

-- The last member has left the system. What the flow came to can still be read for a while.
local function go(step, id)
  redis.call("PEXPIRE", keys.flow(step, id), limits.TRACE)
  redis.call("ZREM", keys.flows(step), id)
  redis.call("ZREM", keys.pending(step), id)
end

-- Looks at the flows of which members were changed, once that has been written.
function rests.settle(step)
  local stirred = step.stirred
  step.stirred = nil
  for id, left in pairs(stirred) do
    if left and redis.call("EXISTS", keys.members(step, id)) == 0 then
      go(step, id)
    end
    if redis.call("HGET", keys.flow(step, id), "awaited") and resting(step, id) then
      tell(step, id)
    end
  end
end

-- Somebody is going to block until the flow comes to rest. Takes a stale entry off. Returns the
-- ring.
function rests.await(step, id)
  redis.call("HSET", keys.flow(step, id), "awaited", 1)
  local ring = keys.flow_ring(step, id)
  writes.drop(step, ring)
  return ring
end

return rests
