-- Every key is of a kind that is known, and expires when its kind does, and only then.

local limits = require("rules.limits")
local settings = require("store.settings")

local DAY = 86400000

local function days(setting)
  return function(step)
    return settings.days(step, setting)
  end
end

local function fixed(milliseconds)
  return function()
    return milliseconds
  end
end

local unknown = { name = "unknown-key", keys = { "unknown" } }

function unknown.find()
  return "the engine has no such keys"
end

local lifetime = { name = "wrong-lifetime", keys = { "*" } }

function lifetime.find(_, subject)
  if subject.about.sometimes then
    return nil
  end
  local left = redis.call("PTTL", subject.key)
  if subject.about.expires and left == -1 then
    return "never expires, and must"
  elseif not subject.about.expires and left >= 0 then
    return "expires in " .. left .. " ms, and must not"
  end
end

function lifetime.mend(step, subject)
  if subject.about.expires then
    redis.call("PEXPIRE", subject.key, subject.about.expires(step))
  else
    redis.call("PERSIST", subject.key)
  end
end

return {
  -- expires: the milliseconds that a key of this kind is given when it has no end.
  keys = {
    events = {},
    trace = { expires = fixed(limits.TRACE) },
    request = { expires = fixed(limits.TRACE) },
    result = { expires = fixed(DAY) },
    ring = { expires = fixed(2 * limits.SLEEP) },
    ["job-ring"] = { expires = fixed(limits.SLEEP) },
    stats = { expires = days("stats-history") },
    histogram = { expires = days("histogram-history") },
    samples = { expires = days("stats-history") },
    libraries = { expires = fixed(DAY) },
  },
  invariants = { unknown, lifetime },
}
