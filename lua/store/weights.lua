-- How many bytes of payload the jobs of a queue that have not ended have: a field of the root for
-- each queue that has (ever) had a cap by bytes. A record with the flag WEIGHED is counted in its
-- queue's field. What a step changes is settled when its records are stored, whatever changed it,
-- so no door has to think of it.

local queues = require("store.queues")
local records = require("store.records")
local root = require("store.root")
local states = require("rules.states")
local writes = require("store.writes")

local weights = {}

local WEIGHED = states.flags.WEIGHED

local OPEN = {
  [states.number.waiting] = true,
  [states.number.scheduled] = true,
  [states.number.depends] = true,
  [states.number.running] = true,
  [states.number.throttled] = true,
}

local function field(number)
  return "bytes:" .. number
end

-- The bytes that are counted, or nil when nobody counts.
function weights.of(step, queue)
  return queue.capped and tonumber(root.get(step, field(queue.number)) or nil) or nil
end

-- From now on the jobs of this queue are weighed: those that come, or change.
function weights.begin(step, queue)
  root.set(step, field(queue.number), "0")
end

function weights.forget(step, queue)
  root.drop(step, field(queue.number))
end

local function add(step, number, amount)
  local name = field(number)
  local known = root.get(step, name)
  if known and amount ~= 0 then
    step.fields[name] = string.format("%.0f", known + amount)
    writes.count(step, step.root, name, amount)
  end
end

-- The queue of this number; as a rule it is one that the step has to do with.
local function queue_of(step, number)
  for position = 1, #step.capped do
    if step.capped[position].number == number then
      return step.capped[position]
    end
  end
  return queues.numbered(step, number)
end

-- Whether a job has not ended.
function weights.open(record)
  return OPEN[record.state] ~= nil
end

-- Whether a record that is about to be stored is to be counted.
local function is_open(step, record)
  if record.dropped or record.lifetime or not weights.open(record) then
    return false
  end
  local queue = queue_of(step, record.queue)
  return queue ~= nil and weights.of(step, queue) ~= nil
end

local function settle(step, record)
  local was = records.weighed(record.stored)
  local open = is_open(step, record)
  if was then
    add(step, was.queue, -was.size)
  end
  if open then
    add(step, record.queue, record.size)
  end
  if open ~= records.has(record, WEIGHED) then
    (open and records.raise or records.lower)(record, WEIGHED)
    record.packed = nil
  end
  record.stored = records.pack(record)
end

-- Before the changed records of a step are stored.
function weights.settle(step)
  for position = 1, #step.dirty do
    settle(step, step.dirty[position])
  end
end

return weights
