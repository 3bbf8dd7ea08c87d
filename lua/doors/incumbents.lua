-- The jobs of a klass that run already when its first limit is set. They are looked for in all
-- queues, in slices, and take their slots; until that is over, none of a klass that is limited to
-- so many at once starts, see store/throttles.lua.
--
-- Which klasses these are is among the settings; another one lets it begin again for all. The
-- root's field `counting` says where it goes on: a queue's number, a cursor of ZSCAN (which passes
-- nobody over, where heartbeats move the scores), and of a set that comes whole, as small ones do,
-- the number of a part and that of all parts.

local claim = require("doors.claim")
local clock = require("store.clock")
local keys = require("store.keys")
local klasses = require("store.klasses")
local limiting = require("rules.limiting")
local limits = require("rules.limits")
local records = require("store.records")
local root = require("store.root")
local settings = require("store.settings")
local states = require("rules.states")
local throttles = require("store.throttles")
local unpark = require("doors.unpark")
local writes = require("store.writes")

local incumbents = {}

local FIELD = "counting"

local function halt(step)
  if root.get(step, FIELD) then
    root.drop(step, FIELD)
  end
end

-- The klasses whose jobs are to be counted have changed; the first slice comes with the flush.
function incumbents.begin(step)
  halt(step)
  step.uncounted = settings.uncounted(step) ~= nil
end

local function read(step)
  local queue, scan, part, parts =
    string.match(root.get(step, FIELD) or "", "^(%d+) (%d+) (%d+) (%d+)$")
  return {
    queue = tonumber(queue or 1),
    scan = scan or "0",
    part = tonumber(part or 0),
    parts = tonumber(parts or 1),
  }
end

-- The part that a jid belongs to goes by the jid alone, so nothing shifts between slices.
local function part_of(jid, parts)
  return (string.byte(jid, -1) + 256 * (string.byte(jid, -2) or 0)) % parts
end

-- Jids that a queue has running, about `count` at most, and the cursor of what follows.
local function page(step, cursor, count)
  local queue = { number = cursor.queue, keys = {} }
  local found = redis.call("ZSCAN", keys.running(step, queue), cursor.scan, "COUNT", count)
  local following, members = found[1], found[2]
  local whole = cursor.scan == "0" and following == "0"
  local part, parts = cursor.part, whole and cursor.parts or 1
  if parts == 1 and whole then
    parts = math.max(math.ceil(#members / 2 / limits.JOBS), 1)
  end
  local jids = {}
  for position = 1, #members, 2 do
    local jid = string.sub(members[position], claim.JID)
    if parts == 1 or part_of(jid, parts) == part then
      jids[#jids + 1] = jid
    end
  end
  if part + 1 < parts then
    return jids, { queue = cursor.queue, scan = "0", part = part + 1, parts = parts }
  end
  local number = following == "0" and cursor.queue + 1 or cursor.queue
  return jids, { queue = number, scan = following, part = 0, parts = 1 }
end

-- Those of the klasses that still run take their slots; no token, they have started.
local function seat(step, uncounted, jids)
  for position = 1, #jids do
    records.want(step, jids[position])
  end
  records.read(step)
  for position = 1, #jids do
    local record = records.live(step, jids[position])
    if record and record.state == states.number.running and uncounted[record.klass] then
      local slots = keys.slots(step, limiting.KLASS .. klasses.name(step, record.klass))
      writes.pair(step, "ZADD", slots, record.popped or step.now, record.jid)
      records.raise(record, states.flags.COUNTED)
      records.save(step, record)
    end
  end
end

-- All are counted: what this step knows of the limits is read again, and parked jobs may start.
local function finish(step, uncounted)
  halt(step)
  settings.counted(step)
  throttles.relearn(step)
  for number in pairs(uncounted) do
    local name = limiting.KLASS .. klasses.name(step, number)
    if not (step.reopened and step.reopened[name]) then
      unpark.later(step, name, step.now)
    end
  end
end

-- Looks at limits.JOBS running jobs or queues; returns how many, and when to go on (nil: over).
local function slice(step)
  local uncounted = settings.uncounted(step)
  if not uncounted then
    return 0, nil
  end
  local last = tonumber(root.get(step, "last-queue") or 0)
  local cursor, looked = read(step), 0
  while looked < limits.JOBS and cursor.queue <= last do
    local jids, following = page(step, cursor, limits.JOBS - looked)
    if looked > 0 and looked + #jids > limits.JOBS then
      break -- begins the next slice
    end
    seat(step, uncounted, jids)
    looked = looked + math.max(#jids, 1)
    cursor = following
  end
  if cursor.queue > last then
    finish(step, uncounted)
    return looked, nil
  end
  root.set(
    step,
    FIELD,
    string.format("%d %s %d %d", cursor.queue, cursor.scan, cursor.part, cursor.parts)
  )
  return looked, step.now
end

-- The first slice.
function incumbents.flush(step)
  step.uncounted = nil
  local _, moment = slice(step)
  if moment then
    clock.at(step, clock.INCUMBENTS, 0, moment)
  end
end

-- A duty of the tick: a slice, whose jobs are counted as some units of it.
function incumbents.due(step)
  local looked, moment = slice(step)
  return math.ceil(looked * limits.DUE / limits.JOBS), moment
end

return incumbents
