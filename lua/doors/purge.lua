-- Retention: takes the oldest ended jobs of a queue off, in slices.

local erase = require("doors.erase")
local keys = require("store.keys")
local records = require("store.records")
local settings = require("store.settings")
local states = require("rules.states")

local purge = {}

-- Erases these jobs of the set `key`. One that others still wait for is pinned: it counts as new.
local function drop(step, key, jids)
  for position = 1, #jids do
    records.want(step, jids[position])
  end
  records.read(step)
  for position = 1, #jids do
    local jid = jids[position]
    local record = records.live(step, jid)
    if record and records.has(record, states.flags.DEPENDENTS) then
      redis.call("ZADD", key, step.now, jid)
    else
      redis.call("ZREM", key, jid)
      if record then
        if record.state == states.number.failed then
          local failure = redis.call("GET", keys.failure(step, jid))
          local group = failure and cmsgpack.unpack(failure).group
          if group then
            redis.call("ZREM", keys.group(step, group), jid)
            if redis.call("EXISTS", keys.group(step, group)) == 0 then
              redis.call("SREM", keys.groups(step), group)
            end
          end
        end
        erase(step, record)
      end
    end
  end
end

-- What this step's own ended jobs pushed over the limit.
function purge.surplus(step)
  for key, kept in pairs(step.kept or {}) do
    if kept.surplus then
      drop(step, key, redis.call("ZRANGE", key, 0, kept.surplus - 1))
    end
  end
  step.kept = nil
end

-- What is older than the settings allow: a duty of the tick.
function purge.aged(step, queue, budget)
  local next_moment
  local done = 0
  for key, setting in pairs({
    [keys.complete(step, queue)] = "jobs-history",
    [keys.failed(step, queue)] = "failed-history",
  }) do
    local age = settings.milliseconds(step, setting)
    local jids = redis.call("ZRANGE", key, "-inf", step.now - age, "BYSCORE", "LIMIT", 0, budget)
    drop(step, key, jids)
    done = done + #jids
    local oldest = redis.call("ZRANGE", key, 0, 0, "WITHSCORES")[2]
    if oldest then
      local moment = tonumber(oldest) + age
      next_moment = math.min(next_moment or moment, moment)
    end
  end
  return done, next_moment
end

return purge
