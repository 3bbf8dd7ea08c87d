-- Jobs of one order key, in the order in which they first became runnable: only the first of the
-- line may run, and it stays the first until it has ended.

local keys = require("store.keys")
local records = require("store.records")
local states = require("rules.states")

local lines = {}

-- The order key of a job, or nil.
function lines.of(record)
  return records.has(record, states.flags.RULED) and records.ruling(record).order_key or nil
end

function lines.head(step, key)
  return redis.call("ZRANGE", keys.line(step, key), 0, 0)[1]
end

-- The first of a job's line, and how many are before it; nil when it is in none.
function lines.standing(step, record)
  local key = lines.of(record)
  if not key then
    return nil
  end
  return lines.head(step, key), redis.call("ZRANK", keys.line(step, key), record.jid) or nil
end

-- Puts a job that becomes runnable into its line, if it is not there yet; true when it is the first
-- of it, or has no order key.
function lines.first(step, record)
  local key = lines.of(record)
  if not key then
    return true
  end
  redis.call("ZADD", keys.line(step, key), "NX", record.place, record.jid)
  return lines.head(step, key) == record.jid
end

-- Takes a jid out of a line; returns that of the first after it, or nil when it was not the first.
function lines.drop(step, key, jid)
  local head = lines.head(step, key)
  redis.call("ZREM", keys.line(step, key), jid)
  return head == jid and lines.head(step, key) or nil
end

-- The same for a job and its line.
function lines.leave(step, record)
  local key = lines.of(record)
  return key and lines.drop(step, key, record.jid)
end

-- Puts a job that runs at the head of its line.
function lines.lead(step, record)
  local key = keys.line(step, lines.of(record))
  local least = redis.call("ZRANGE", key, 0, 0, "WITHSCORES")[2]
  local score = least and math.min(record.place, least - 1) or record.place
  redis.call("ZADD", key, score, record.jid)
end

return lines
