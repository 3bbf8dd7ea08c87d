-- The root hash of a namespace: format, settings, a control field for each queue, and the numbers
-- of queues and klasses. Everything that a call needs of it is read by one HMGET.

local refuse = require("rules.refusal")
local writes = require("store.writes")

local root = {}

-- Data of these formats can be read and written; a feature raises the number when first used.
-- 2: options that the doors go by, limits, marks of queues beside the pause, calendars.
root.FORMAT = 2
root.OLDEST = 1

-- Announces a field that the call will look at.
function root.want(step, field)
  local fields = step.fields
  if fields[field] == nil then
    fields[field] = false
    local wanted = step.wanted
    wanted[#wanted + 1] = field
  end
end

-- Reads all wanted fields, and refuses data of a format that is not known.
function root.read(step)
  local wanted = step.wanted
  if #wanted == 0 then
    return
  end
  step.wanted = {}
  local values = redis.call("HMGET", step.root, unpack(wanted))
  for position = 1, #wanted do
    step.fields[wanted[position]] = values[position]
  end
  local format = step.fields.format
  if format and (tonumber(format) > root.FORMAT or tonumber(format) < root.OLDEST) then
    refuse("VERSION", "the namespace has data of format " .. format .. ", known is " .. root.FORMAT)
  end
end

-- The text of a field, or false.
function root.get(step, field)
  local value = step.fields[field]
  if value == nil then
    value = redis.call("HGET", step.root, field)
    step.fields[field] = value
  end
  return value
end

local function set_format(step, format)
  step.fields.format = tostring(format)
  writes.pair(step, "HSET", step.root, "format", format)
end

-- What is stored now means something to libraries of the newest format only: others refuse it.
function root.raise(step)
  if tonumber(step.fields.format or 0) < root.FORMAT then
    set_format(step, root.FORMAT)
  end
end

function root.set(step, field, value)
  if not step.fields.format then
    set_format(step, root.OLDEST)
  end
  step.fields[field] = value
  writes.pair(step, "HSET", step.root, field, value)
end

function root.drop(step, field)
  step.fields[field] = false
  writes.one(step, "HDEL", step.root, field)
end

-- The next number of a counter in the root; drawn while applying only.
function root.count(step, counter)
  return redis.call("HINCRBY", step.root, counter, 1)
end

return root
