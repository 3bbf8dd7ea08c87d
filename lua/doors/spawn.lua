-- Children of recurring jobs: a duty of the tick. A child is an ordinary job, runnable since its
-- slot. In a queue that is paused slots go by unused, so that nothing floods it afterwards.

local ceiling = require("doors.ceiling")
local deadlines = require("doors.deadlines")
local deadlines_rules = require("rules.deadlines")
local enter = require("doors.enter")
local events = require("store.events")
local job = require("rules.job")
local keys = require("store.keys")
local limits = require("rules.limits")
local memory = require("store.memory")
local options_rules = require("rules.options")
local records = require("store.records")
local recurrence = require("rules.recurrence")
local sequence = require("store.sequence")
local states = require("rules.states")
local tags = require("store.tags")
local templates = require("store.templates")

local FULL = 1000 -- milliseconds after which a server or a queue that was full is asked again

-- A jid that no job and no template has, and the number it was made of.
local function free_jid(step)
  while true do
    local number = sequence.draw(step)
    local jid = recurrence.jid(number)
    if redis.call("EXISTS", keys.job(step, jid), keys.template(step, jid)) == 0 then
      return jid, number
    end
  end
end

local function make(step, queue, template, moment)
  local options = template.options
  local retries = options.retries or options_rules.retries.default
  local jid, number = free_jid(step)
  local record = records.new(jid, number)
  record.klass = template.klass
  record.priority = options.priority or 0
  record.retries = retries
  record.left = retries
  local kept = job.stay(options, { origin = template.jid })
  records.set_options(record, deadlines_rules.set(kept, options, moment, nil))
  records.set_payload(step, record, template.payload)
  if options.tags then
    tags.add(step, record, options.tags)
  end
  if records.has(record, states.flags.RULED) then
    deadlines.note(step, record)
  end
  enter.last(step, record, queue)
  record.since = moment -- it waits since its slot, not since somebody noticed
  records.raise(record, states.flags.FRESH)
  events.report(step, "put", record, queue.name, "", "waiting")
  template.count = template.count + 1
  template.due = moment + template.interval
end

-- Makes the children of these slots, at most limits.BYTES of payload beyond the first; returns how
-- many.
local function make_all(step, queue, list, slots)
  local room = limits.BYTES
  sequence.need(step, 2 * #slots)
  for position = 1, #slots do
    local slot = slots[position]
    local template = list[slot.index]
    template.payload = template.payload or templates.payload(step, template.jid)
    room = room - #template.payload
    if room < 0 and position > 1 then
      return position - 1
    end
    make(step, queue, template, slot.moment)
  end
  return #slots
end

-- Up to `limit` templates whose slot has come, and the score of the one after them.
local function due_templates(step, queue, limit)
  local members = redis.call(
    "ZRANGE",
    keys.recurring(step, queue),
    "-inf",
    "+inf",
    "BYSCORE",
    "LIMIT",
    0,
    limit + 1,
    "WITHSCORES"
  )
  local list = {}
  for position = 1, #members, 2 do
    local score = tonumber(members[position + 1])
    if score > step.now or #list == limit then
      return list, score
    end
    list[#list + 1] = templates.read(step, members[position])
  end
  return list, math.huge
end

local function spawn(step, queue, budget)
  local list, moment = due_templates(step, queue, budget)
  local room = ceiling.room(step, queue)
  if #list > 0 and (room <= 0 or memory.full()) then
    return 0, step.now + FULL
  end
  local skipped = 0
  for position = 1, #list do
    local template = list[position]
    template.due, template.missed = recurrence.pending(template, queue, step.now)
    if template.missed == 0 then
      skipped = skipped + 1
    end
  end
  local made = make_all(step, queue, list, recurrence.slots(list, math.min(budget - skipped, room)))
  for position = 1, #list do
    local template = list[position]
    templates.schedule(step, template, queue)
    moment = math.min(moment, template.due)
  end
  if moment == math.huge then
    return made + skipped, nil
  end
  -- A queue that is behind does not keep the others from their turn.
  return made + skipped, math.max(moment, step.now)
end

return spawn
