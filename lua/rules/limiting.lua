-- The names of limits, and which options of a job do not go with them.

local refuse = require("rules.refusal")

local limiting = {}

limiting.QUEUE = "queue:" -- and a queue's name: the limit of all its jobs
limiting.KLASS = "klass:"

-- What begins so belongs to the engine.
local RESERVED = { limiting.QUEUE, limiting.KLASS, "order:" }

local function starts(name, prefix)
  return string.sub(name, 1, #prefix) == prefix
end

-- The name of a queue or a klass in the name of a limit, or nil.
function limiting.of(name, prefix)
  return starts(name, prefix) and string.sub(name, #prefix + 1) or nil
end

-- `customer:*` stands for each name that begins with `customer:`.
function limiting.is_family(name)
  return string.find(name, ":*", 1, true) ~= nil
end

-- The family of a name, or nil.
function limiting.family(name)
  local prefix = string.match(name, "^([^:]*:)")
  return prefix and prefix .. "*"
end

-- A name that a limit is set for.
function limiting.settable(name)
  if starts(name, "order:") then
    refuse(
      "INVALID",
      "name: " .. name .. ": of an order key one job runs at a time, whatever is set"
    )
  end
  if not limiting.is_family(name) then
    return
  end
  if name == limiting.QUEUE .. "*" or name == limiting.KLASS .. "*" then
    refuse("INVALID", "name: " .. name .. ": queues and klasses are limited one by one")
  end
  if limiting.family(name) ~= name then
    refuse("INVALID", "name: " .. name .. ": a family is a text without a colon, and :*")
  end
end

local function put_under(name)
  for position = 1, #RESERVED do
    if starts(name, RESERVED[position]) then
      refuse(
        "INVALID",
        "limits: " .. name .. ": jobs are under those of " .. RESERVED[position] .. " anyway"
      )
    end
  end
  if limiting.is_family(name) then
    refuse("INVALID", "limits: " .. name .. " is a family; a job is under a name of it, like a:1")
  end
end

-- Refuses options of a job that contradict each other.
function limiting.check(options)
  for position = 1, #(options.limits or {}) do
    put_under(options.limits[position])
  end
  local what = options.limits and options.limits[1] and "limits"
    or options.order_key and "order_key"
  if what and options.lease == 0 then
    refuse("INVALID", "lease: one without end, and " .. what .. ": who dies would keep it for ever")
  end
end

return limiting
