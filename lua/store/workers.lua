-- Workers: when each was last seen, and what each holds, in a hash a worker. Fields of the hash
-- are held leases, token .. jid -> request:queue number, beside `served` (see commands/pop.lua).

local clock = require("store.clock")
local keys = require("store.keys")
local settings = require("store.settings")
local writes = require("store.writes")

local workers = {}

workers.key = keys.worker

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

function workers.hold(step, worker, member, request, queue)
  writes.pair(step, "HSET", keys.worker(step, worker), member, request .. ":" .. queue.number)
end

function workers.let_go(step, worker, member)
  writes.one(step, "HDEL", keys.worker(step, worker), member)
end

return workers
