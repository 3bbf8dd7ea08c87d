-- Children of recurring jobs: a duty of the tick. A child is an ordinary job, runnable since its
-- slot, unless it has to wait for the child before. In a queue that is paused slots go by unused,
-- so that nothing floods it afterwards.

local ceiling = require("doors.ceiling")
local deadlines = require("doors.deadlines")
local deadlines_rules = require("rules.deadlines")
local depends = require("doors.depends")
local enter = require("doors.enter")
local events = require("store.events")
local history = require("store.history")
local job = require("rules.job")
local keys = require("store.keys")
local limits = require("rules.limits")
local memory = require("store.memory")
local overdue = require("store.overdue")
local overlap = require("doors.overlap")
local options_rules = require("rules.options")
local records = require("store.records")
local recurrence = require("rules.recurrence")
local sequence = require("store.sequence")
local slots_rules = require("rules.slots")
local states = require("rules.states")
local tags = require("store.tags")
local templates = require("store.templates")

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

local function child_of(step, template, moment)
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
  return record
end

-- parents: what the child waits for.
local function make(step, queue, template, moment, parents)
  local record = child_of(step, template, moment)
  if #parents > 0 then
    record.queue = queue.number
    history.append(step, record, queue, "put", queue.name)
    depends.bind(step, record, queue, { open = parents, policy = "run" })
  else
    enter.last(step, record, queue)
    record.since = moment -- it waits since its slot, not since somebody noticed
    records.raise(record, states.flags.FRESH)
  end
  events.report(step, "put", record, queue.name, "", states.name[record.state])
  template.count = template.count + 1
  if template.options.overlap then
    template.last = record.jid
  end
end

local function use(step, queue, template, moment)
  local parents = overlap.before(step, template)
  if parents then
    make(step, queue, template, moment, parents)
  else
    events.report(step, "recur", template, queue.name, "", "skipped")
  end
  slots_rules.pass(template, moment + 1)
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
    use(step, queue, template, slot.moment)
  end
  return #slots
end

-- Up to `limit` templates whose slot has come, and the score of the one after them.
local function due_templates(step, queue, limit)
  local jids, upcoming = overdue(step, keys.recurring(step, queue), limit)
  local list = {}
  for position = 1, #jids do
    list[#list + 1] = templates.read(step, jids[position])
  end
  return list, upcoming or math.huge
end

-- Finds out how many slots of a template are to be used; returns how many units that was by itself.
local function look(step, queue, template)
  if template.over then
    template.gone, template.missed = true, 0
    templates.remove(step, template, queue)
    events.report(step, "unrecur", template, queue.name, "", "over")
    return 1
  end
  template.dark = not queue.paused and slots_rules.in_the_dark(template, step.now)
  if template.dark then
    template.missed = 0
    return 1
  end
  local due
  due, template.missed = recurrence.pending(template, queue, step.now)
  slots_rules.pass(template, due)
  if template.missed == 0 then
    return 1
  end
  overlap.want(step, template)
  return 0
end

local function spawn(step, queue, budget)
  local list, moment = due_templates(step, queue, budget)
  local room = ceiling.room(step, queue)
  if #list > 0 and (room <= 0 or memory.full()) then
    return 0, step.now + limits.FULL
  end
  local looked = 0
  for position = 1, #list do
    looked = looked + look(step, queue, list[position])
  end
  records.read(step)
  local made = make_all(step, queue, list, recurrence.slots(list, math.min(budget - looked, room)))
  for position = 1, #list do
    local template = list[position]
    if not template.gone then
      moment = math.min(moment, templates.schedule(step, template, queue))
    end
  end
  if moment == math.huge then
    return made + looked, nil
  end
  -- A queue that is behind does not keep the others from their turn.
  return made + looked, math.max(moment, step.now)
end

return spawn
