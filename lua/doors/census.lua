-- How many jobs a queue has in each state, by the state's word; templates as `recurring`.

local keys = require("store.keys")
local waiting = require("doors.waiting")

return function(step, queue)
  local running = keys.running(step, queue)
  local stalled = redis.call("ZCOUNT", running, "-inf", step.now)
  return {
    waiting = waiting.count(step, queue),
    running = redis.call("ZCARD", running) - stalled,
    stalled = stalled,
    scheduled = redis.call("ZCARD", keys.scheduled(step, queue)),
    depends = redis.call("ZCARD", keys.depends(step, queue)),
    recurring = redis.call("ZCARD", keys.recurring(step, queue)),
    throttled = redis.call("ZCARD", keys.throttled(step, queue)),
    complete = redis.call("ZCARD", keys.complete(step, queue)),
    failed = redis.call("ZCARD", keys.failed(step, queue)),
  }
end
