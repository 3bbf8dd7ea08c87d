-- Failed jobs: by queue, by failure group, and the failure itself in a key of its own, a msgpack
-- map of group, message, data, when (milliseconds) and worker.

local keys = require("store.keys")
local records = require("store.records")
local retention = require("store.retention")
local states = require("rules.states")
local stats = require("store.stats")

local failures = {}

-- The failure that is noted for a record, as it is stored, or nil.
function failures.packed(step, record)
  if not records.has(record, states.flags.FAILURE) then
    return nil
  end
  return redis.call("GET", keys.failure(step, record.jid)) or nil
end

-- The same as a table.
function failures.read(step, record)
  local packed = failures.packed(step, record)
  return packed and cmsgpack.unpack(packed) or nil
end

-- Notes why an attempt ended badly; kept until the job succeeds, is unfailed or put again.
function failures.note(step, record, failure)
  redis.call("SET", keys.failure(step, record.jid), cmsgpack.pack(failure))
  records.raise(record, states.flags.FAILURE)
end

function failures.forget(step, record)
  if records.has(record, states.flags.FAILURE) then
    redis.call("UNLINK", keys.failure(step, record.jid))
    records.lower(record, states.flags.FAILURE)
  end
end

-- Lists a failed job under its group.
function failures.enlist(step, record, group, moment)
  redis.call("ZADD", keys.group(step, group), moment, record.jid)
  redis.call("ZADD", keys.groups(step), 0, group)
end

-- Into the failed state, under the noted failure's group.
function failures.add(step, record, queue, group)
  record.state = states.number.failed
  record.queue = queue.number
  record.since = step.now
  records.save(step, record)
  retention.failed(step, record.jid, queue)
  failures.enlist(step, record, group, step.now)
  stats.count(step, queue, "failures", 1)
  stats.count(step, queue, "failed", 1)
end

-- Takes a jid off a group; a group without jobs is gone.
function failures.strike(step, jid, group)
  redis.call("ZREM", keys.group(step, group), jid)
  if redis.call("EXISTS", keys.group(step, group)) == 0 then
    redis.call("ZREM", keys.groups(step), group)
  end
end

-- Takes a failed job out of its group.
function failures.ungroup(step, record)
  local failure = failures.read(step, record)
  if failure then
    failures.strike(step, record.jid, failure.group)
  end
end

-- Out of the failed state; the failure is forgotten.
function failures.remove(step, record, queue)
  failures.ungroup(step, record)
  redis.call("ZREM", keys.failed(step, queue), record.jid)
  failures.forget(step, record)
  stats.unfailed(step, queue, record.since)
end

return failures
