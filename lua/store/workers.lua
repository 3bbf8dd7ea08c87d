-- Workers: when each was last seen, what it told about itself, and what it holds, in a hash a
-- worker. Fields of the hash are held leases, token .. jid -> request:queue number, beside `seen`,
-- `served` (see commands/pop.lua), `about` and `queues` (see commands/report.lua).

local clock = require("store.clock")
local keys = require("store.keys")
local settings = require("store.settings")
local writes = require("store.writes")

local workers = {}

workers.key = keys.worker

-- The fields that are no leases; those have seven bytes at least, a token and a jid.
workers.OWN = { "seen", "served", "about", "queues" }
workers.LEASE = 7

local SEEN = 1000 -- milliseconds within which a second sign of life is not written

-- A sign of life; `seen` is the time of the last one, as far as it is known.
function workers.touch(step, worker, seen)
  if seen and step.now - seen < SEEN and step.now >= seen then
    return
  end
  if redis.call("ZADD", keys.workers(step), step.now, worker) == 1 then
    clock.at(step, clock.WORKERS, 0, step.now + settings.milliseconds(step, "worker-history"))
  end
  writes.pair(step, "HSET", keys.worker(step, worker), "seen", step.now)
end

-- What a worker tells about itself, and the queues that it serves.
function workers.report(step, worker, about, queues)
  local key = keys.worker(step, worker)
  writes.pair(step, "HSET", key, "about", about)
  writes.pair(step, "HSET", key, "queues", cmsgpack.pack(queues))
end

-- The queues that a worker has told that it serves, or nil.
function workers.queues(step, worker)
  local packed = redis.call("HGET", keys.worker(step, worker), "queues")
  return packed and cmsgpack.unpack(packed) or nil
end

-- How many leases a worker holds, and what it told about itself (empty: nothing).
function workers.read(step, worker)
  local key = keys.worker(step, worker)
  local own = redis.call("HMGET", key, unpack(workers.OWN))
  local held = redis.call("HLEN", key)
  for position = 1, #own do
    held = held - (own[position] and 1 or 0)
  end
  return held, own[3] or ""
end

-- All that a worker is known by, but what it holds.
function workers.forget(step, worker)
  for position = 1, #workers.OWN do
    writes.one(step, "HDEL", keys.worker(step, worker), workers.OWN[position])
  end
end

-- What a lease that was handed out to this request is noted with.
function workers.mark(request, queue)
  return request .. ":" .. queue.number
end

-- The list to which the leases that a worker is given are added, each with its mark.
function workers.holding(step, worker)
  return writes.adding(step, "HSET", keys.worker(step, worker))
end

function workers.let_go(step, worker, member)
  writes.one(step, "HDEL", keys.worker(step, worker), member)
end

return workers
