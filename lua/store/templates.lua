-- Templates of recurring jobs: a hash each, and a sorted set a queue, scored by the next slot, or
-- +inf while paused. Fields: queue and klass (numbers), interval, first (the first slot), due (the
-- next slot that is to be made or skipped), count (of children made), paused (0 or 1), options
-- (msgpack), nonce, payload. Times are milliseconds.

local clock = require("store.clock")
local keys = require("store.keys")
local limits = require("rules.limits")
local rings = require("store.rings")
local writes = require("store.writes")

local templates = {}

-- The template of this jid without its payload, or nil.
function templates.read(step, jid)
  local queue, klass, interval, first, due, count, paused, options, nonce = unpack(
    redis.call(
      "HMGET",
      keys.template(step, jid),
      "queue",
      "klass",
      "interval",
      "first",
      "due",
      "count",
      "paused",
      "options",
      "nonce"
    )
  )
  if not queue then
    return nil
  end
  return {
    jid = jid,
    flags = 0, -- as a record has them: events ask whether somebody tracks it
    queue = tonumber(queue),
    klass = tonumber(klass),
    interval = tonumber(interval),
    first = tonumber(first),
    due = tonumber(due),
    count = tonumber(count),
    paused = paused == "1",
    options = cmsgpack.unpack(options),
    nonce = nonce,
  }
end

function templates.payload(step, jid)
  return redis.call("HGET", keys.template(step, jid), "payload")
end

-- Stores where a template stands in its schedule.
function templates.schedule(step, template, queue)
  local key = keys.template(step, template.jid)
  writes.pair(step, "HSET", key, "due", template.due)
  writes.pair(step, "HSET", key, "count", template.count)
  local score = template.paused and "+inf" or template.due
  writes.pair(step, "ZADD", keys.recurring(step, queue), score, template.jid)
end

-- Stores a template; payload: nil to leave it as it is. The clock and whoever waits for the queue
-- learn of the next slot.
function templates.save(step, template, queue, payload)
  local key = keys.template(step, template.jid)
  template.queue = queue.number
  writes.pair(step, "HSET", key, "queue", template.queue)
  writes.pair(step, "HSET", key, "klass", template.klass)
  writes.pair(step, "HSET", key, "interval", template.interval)
  writes.pair(step, "HSET", key, "first", template.first)
  writes.pair(step, "HSET", key, "paused", template.paused and 1 or 0)
  writes.pair(step, "HSET", key, "options", cmsgpack.pack(template.options))
  writes.pair(step, "HSET", key, "nonce", template.nonce)
  if payload then
    writes.pair(step, "HSET", key, "payload", payload)
  end
  templates.schedule(step, template, queue)
  if not template.paused then
    clock.at(step, clock.RECURRING, queue.number, template.due)
    if template.due < step.now + limits.SLEEP then
      rings.wake(step, queue)
    end
  end
end

-- Takes a template out of its queue.
function templates.leave(step, template, queue)
  writes.one(step, "ZREM", keys.recurring(step, queue), template.jid)
end

-- Nothing of it is left; its children stay.
function templates.remove(step, template, queue)
  templates.leave(step, template, queue)
  writes.drop(step, keys.template(step, template.jid))
end

return templates
