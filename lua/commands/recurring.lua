-- recurring: templates as they are stored.
--
-- Args: jids, at most limits.JOBS.
-- Returns: for each jid a list of queue, jid, klass, payload, interval, next slot (0: paused),
-- count of children made, backlog, priority, retries, tags, lease (empty: the queue's), paused (0
-- or 1) and the other options that its children keep (one msgpack map; empty: none); or nothing for
-- an unknown one. Times are milliseconds.
-- Errors: INVALID. Cost: O(1) a template.

local arguments = require("rules.arguments")
local job = require("rules.job")
local klasses = require("store.klasses")
local limits = require("rules.limits")
local options_rules = require("rules.options")
local queues = require("store.queues")
local templates = require("store.templates")

local recurring = {}

function recurring.parse(_, args)
  arguments.count(args, 1, limits.JOBS)
  for position = 1, #args do
    arguments.name(args[position], "jid")
  end
  return args
end

function recurring.check(_, jids)
  return jids
end

local function others(options)
  local kept = job.stay(options, {})
  kept.tags, kept.lease = nil, nil
  return next(kept) and cmsgpack.pack(kept) or ""
end

local function describe(step, template)
  local options = template.options
  return {
    queues.numbered(step, template.queue).name,
    template.jid,
    klasses.name(step, template.klass),
    templates.payload(step, template.jid),
    template.interval,
    template.paused and 0 or template.due,
    template.count,
    options.backlog or 0,
    options.priority or 0,
    options.retries or options_rules.retries.default,
    options.tags or {},
    options.lease or "",
    template.paused and 1 or 0,
    others(options),
  }
end

function recurring.apply(step, jids)
  local list = {}
  for position = 1, #jids do
    local template = templates.read(step, jids[position])
    list[position] = template and describe(step, template) or false
  end
  return list
end

return recurring
