-- recur_update: changes a template, all that is named or nothing. Children already made stay.
--
-- Args: jid, changes (one msgpack map, CHANGES in rules/recurrence.lua), payload (empty: as it is).
-- Returns: updated. With another calendar no slot is known yet: refills and refill follow.
-- Errors: INVALID, NOJOB.
-- Events: recur, with the detail updated.
-- Cost: O(log n).
--
-- tags: replaces them all. interval: counts from the last slot, or from now when there was a
-- calendar. calendar: another one counts from now. queue: later children go there. paused: no slot
-- is used until it is false again; those that came by then are skipped, and the schedule keeps its
-- phase.

local arguments = require("rules.arguments")
local deadlines = require("rules.deadlines")
local events = require("store.events")
local job = require("rules.job")
local klasses = require("store.klasses")
local limiting = require("rules.limiting")
local payloads = require("rules.payloads")
local queues = require("store.queues")
local recurrence = require("rules.recurrence")
local refuse = require("rules.refusal")
local settings = require("store.settings")
local slots = require("rules.slots")
local steps = require("store.step")
local templates = require("store.templates")

local update = {}

function update.parse(step, args)
  arguments.count(args, 3)
  local request = {
    jid = arguments.name(args[1], "jid"),
    changes = job.options(args[2], recurrence.CHANGES),
    payload = args[3] ~= "" and args[3] or nil,
  }
  if request.changes.queue then
    queues.want(step, arguments.name(request.changes.queue, "queue"))
  end
  if request.changes.klass then
    klasses.want(step, request.changes.klass)
  end
  return request
end

-- The children's options under these changes.
local function changed(options, changes)
  local merged = {}
  for name in pairs(recurrence.OPTIONS) do
    merged[name] = options[name]
    if changes[name] ~= nil and not recurrence.BESIDE[name] then
      merged[name] = changes[name]
    end
  end
  return merged
end

function update.check(step, request)
  if request.payload then
    payloads.check(request.payload, settings.value(step, "max-payload"))
  end
  local template = templates.read(step, request.jid)
  if not template then
    refuse("NOJOB", "no recurring job " .. request.jid)
  end
  local merged = changed(template.options, request.changes)
  limiting.check(merged)
  deadlines.check(merged, nil, step.now)
  local changes = request.changes
  if changes.interval and changes.calendar then
    refuse("INVALID", "calendar: there is an interval as well")
  end
  recurrence.agree(
    { backlog = changes.backlog, missed = changes.missed or template.options.missed },
    changes.calendar or (template.calendar and not changes.interval)
  )
  steps.touch(step, request.jid)
  return { request = request, template = template }
end

-- Slots before now are not made any more.
local function skip(step, template)
  slots.pass(template, step.now)
  if template.known and #template.moments == 0 then
    template.known = math.max(template.known, step.now - 1)
  end
end

local function set_interval(step, template, interval)
  if template.calendar then
    templates.drop_calendar(step, template)
    template.first, template.due = step.now, step.now + interval
  else
    template.due = recurrence.paced(template, interval, step.now)
  end
  template.interval = interval
end

local function set_calendar(step, template, calendar)
  template.calendar, template.interval = calendar, 0
  template.moments, template.known = {}, step.now - 1
  template.first, template.due = step.now, math.huge
end

-- The template's place in time under these changes.
local function reschedule(step, template, changes)
  if template.over or (template.paused and changes.paused == false) then
    skip(step, template)
  end
  if changes.paused ~= nil then
    template.paused = changes.paused
  end
  if changes.interval and changes.interval ~= template.interval then
    set_interval(step, template, changes.interval)
  elseif changes.calendar and changes.calendar ~= template.calendar then
    set_calendar(step, template, changes.calendar)
  end
end

function update.apply(step, plan)
  local template, changes = plan.template, plan.request.changes
  local home = queues.numbered(step, template.queue)
  local queue = home
  if changes.queue and changes.queue ~= home.name then
    queue = queues.ensure(step, changes.queue)
    templates.leave(step, template, home)
  end
  if changes.klass then
    template.klass = klasses.number(step, changes.klass)
  end
  template.options = changed(template.options, changes)
  reschedule(step, template, changes)
  templates.save(step, template, queue, plan.request.payload)
  events.report(step, "recur", template, queue.name, "", "updated")
  return "updated"
end

return update
