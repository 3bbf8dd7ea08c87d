-- recur_update: changes a template, all that is named or nothing. Children already made stay.
--
-- Args: jid, changes (one msgpack map, CHANGES in rules/recurrence.lua), payload (empty: as it is).
-- Returns: updated.
-- Errors: INVALID, NOJOB.
-- Events: recur, with the detail updated.
-- Cost: O(log n).
--
-- tags: replaces them all. interval: counts from the last slot. queue: later children go there.
-- paused: no slot is used until it is false again; those that came by then are skipped, and the
-- schedule keeps its phase.

local arguments = require("rules.arguments")
local events = require("store.events")
local job = require("rules.job")
local klasses = require("store.klasses")
local limiting = require("rules.limiting")
local payloads = require("rules.payloads")
local queues = require("store.queues")
local recurrence = require("rules.recurrence")
local refuse = require("rules.refusal")
local settings = require("store.settings")
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
    if changes[name] ~= nil then
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
  limiting.check(changed(template.options, request.changes))
  steps.touch(step, request.jid)
  return { request = request, template = template }
end

-- The template's place in time under these changes.
local function reschedule(step, template, changes)
  if template.paused and changes.paused == false then
    template.due = recurrence.reached(template.due, template.interval, step.now)
  end
  if changes.paused ~= nil then
    template.paused = changes.paused
  end
  if changes.interval and changes.interval ~= template.interval then
    template.due = recurrence.paced(template, changes.interval, step.now)
    template.interval = changes.interval
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
